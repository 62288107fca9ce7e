using Rollout.Bench;

if (args is [FleetRun.Word, .. var fleet]) return await FleetRun.RunAsync(fleet);

// Measures the figures, one after another, and prints each with what was promised. Arguments choose figures by a part of their name;
// none, or 'all', means every one.
(string Name, Func<IAsyncEnumerable<Figure>> Measure)[] all =
[
    ("import", ImportFigure.MeasureAsync),
    ("rollouts under load", RolloutsUnderLoadFigure.MeasureAsync),
    ("canary and blue-green", SteppedUnderLoadFigure.MeasureAsync),
    ("publish", PublishFigure.MeasureAsync),
    ("kubernetes", KubernetesFigure.MeasureAsync),
    ("build", BuildFigure.MeasureAsync),
    ("health", HealthFigure.MeasureAsync),
];

var broken = 0;
foreach (var (name, measure) in all.Where(figure => args is [] or ["all"] || args.Any(part => figure.Name.Contains(part, StringComparison.OrdinalIgnoreCase))))
{
    Console.WriteLine($"{name} ...");
    await foreach (var figure in measure())
    {
        Console.WriteLine($"  {(figure.Kept ? "kept  " : "BROKEN")}  {figure.Name}: {figure.Measured} (promised: {figure.Promised})");
        broken += figure.Kept ? 0 : 1;
    }
}

return broken == 0 ? 0 : 1;
