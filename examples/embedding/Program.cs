using Embedding;
using Rollout;
using Rollout.Engine.Docker.Api;

// Rollout.Engine without PowerShell: the quickstart's steps as a console program, run in examples/quickstart.
//   embedding deploy 127.0.0.1:5000 http://127.0.0.1:8088 v1.3.0 200
//   embedding show
//   embedding undo
// Exit code 0: done and well. 2: the new version was caught and taken back. 1: anything else.
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};

try
{
    using var docker = new DockerClient(DockerEndpoint.Resolve(null, null, DockerSettings.OfThisProcess));
    var shop = new Shop(docker, new ConsoleReporter());
    return args switch
    {
        ["deploy", var registry, var site, var version, var health] => await shop.DeployAsync(registry, site, version, health, stop.Token),
        ["show"] => await shop.ShowAsync(stop.Token),
        ["undo"] => await shop.UndoAsync(stop.Token),
        _ => Usage(),
    };
}
catch (RolloutException error)
{
    Console.Error.WriteLine($"{error.Id}: {error.Message}\n  {error.Mend}");
    return 1;
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("Stopped. What was begun is carried on by the next deployment.");
    return 1;
}

static int Usage()
{
    Console.Error.WriteLine("embedding deploy REGISTRY SITE VERSION HEALTH | show | undo");
    return 1;
}
