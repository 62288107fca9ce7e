using FsCheck;
using FsCheck.Fluent;
using Rollout.Engine.Rollouts;
using Xunit;

namespace Rollout.Engine.Tests.Rollouts;

public sealed class RolloutDriverTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Deadline = Now.AddMinutes(10);

    public static TheoryData<int, int, int, int, string> Ways => new()
    {
        { 2, 2, 2, 1, "1/2 2/2v 2/0" },
        { 5, 2, 5, 2, "2/2 4/2 5/2v 5/0" },
        { 1, 0, 1, 1, "1/0v 1/0" },
        { 3, 3, 1, 1, "1/3 1/2 2/2 2/1 3/1v 3/0" },
        { 4, 4, 2, 2, "2/4 2/2 4/2v 4/0" },
        { 2, 4, 1, 1, "1/4 1/1 2/1v 2/0" },
        { 4, 2, 1, 1, "1/2 1/1 2/1 2/0 3/0 3/0 4/0v 4/0" },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public void Rolling_lays_out_its_waypoints(int replicas, int old, int surge, int batch, string expected) =>
        Assert.Equal(expected, Show(RolloutPath.Rolling(replicas, old, surge, batch)));

    [Theory]
    [InlineData(3, 3, "0/3 3/3 3/0")]
    [InlineData(3, 1, "0/3 1/3 1/2 2/2 2/1 3/1 3/0")]
    [InlineData(3, 2, "0/3 2/3 2/2 3/2 3/0")]
    [InlineData(0, 1, "0/0")]
    public void Back_keeps_to_the_same_room(int replicas, int surge, string expected) =>
        Assert.Equal(expected, Show(RolloutPath.Back(replicas, surge)));

    [Theory]
    [InlineData(null, 4, 4)]
    [InlineData("1", 4, 1)]
    [InlineData("25%", 4, 1)]
    [InlineData("26%", 4, 2)]
    [InlineData("100%", 3, 3)]
    [InlineData("0.5%", 3, 1)]
    [InlineData("7", 3, 7)]
    public void Surge_reads_numbers_and_percentages(string? text, int replicas, int expected) =>
        Assert.Equal(expected, RolloutPath.Surge(text, replicas));

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("all")]
    [InlineData("%")]
    public void Surge_refuses_what_is_neither(string text) =>
        Assert.Equal("InvalidMaxSurge", Assert.Throws<RolloutException>(() => RolloutPath.Surge(text, 4)).Id);

    [Fact]
    public void A_new_replica_goes_through_create_start_wait_admit_verify_retire_complete()
    {
        var path = RolloutPath.Rolling(1, 1, 1, 1);
        var old = Serving(1);
        Assert.Equal("Create 1", Next(path, [Absent(1)], [old]));
        Assert.Equal("Start 1", Next(path, [At(1, ReplicaPhase.Stopped)], [old]));
        Assert.Equal("Wait", Next(path, [At(1, ReplicaPhase.Starting)], [old]));
        Assert.Equal("Admit 1", Next(path, [At(1, ReplicaPhase.Ready)], [old]));
        Assert.Equal("Verify", Next(path, [Serving(1)], [old]));
        Assert.Equal("Retire 1", Next(path, [Serving(1)], [old], verified: true));
        Assert.Equal("Complete", Next(path, [Serving(1)], [At(1, ReplicaPhase.Stopped)], verified: true));
    }

    [Fact]
    public void Without_a_router_ready_is_serving() =>
        Assert.Equal("Verify", Next(RolloutPath.Rolling(1, 0, 1, 1), [At(1, ReplicaPhase.Ready, routable: false)], []));

    [Fact]
    public void A_server_whose_container_is_gone_leaves_the_router_first() =>
        Assert.Equal(
            "Withdraw old 1",
            Next(RolloutPath.Rolling(1, 1, 1, 1), [Absent(1)], [At(1, ReplicaPhase.Stopped, ReplicaTraffic.Held)]));

    [Fact]
    public void A_replica_that_the_router_lost_is_admitted_again() =>
        Assert.Equal("Admit 1", Next(RolloutPath.Rolling(1, 1, 1, 1), [At(1, ReplicaPhase.Ready)], [Serving(1)], verified: true));

    [Fact]
    public void Time_fails_it_only_while_new_replicas_are_missing()
    {
        var path = RolloutPath.Rolling(1, 1, 1, 1);
        Assert.Equal("Fail", Next(path, [At(1, ReplicaPhase.Starting)], [Serving(1)], now: Deadline));
        Assert.Equal("Retire 1", Next(path, [Serving(1)], [Serving(1)], verified: true, now: Deadline));
    }

    [Fact]
    public void Recreate_stops_the_old_before_it_creates_the_new() =>
        Assert.Equal("Retire 2, Retire 1", Next(RolloutPath.Recreate(2), [Absent(1), Absent(2)], [Serving(1), Serving(2)]));

    [Fact]
    public void Any_state_leads_to_an_end_and_never_under_the_floor() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000), Prop.ForAll(Worlds(), world => world.Run()));

    private static Arbitrary<World> Worlds() =>
        Arb.From(
            from replicas in Gen.Choose(1, 6)
            from old in Gen.Choose(0, 6)
            from surge in Gen.Choose(1, 7)
            from routed in Gen.Elements(true, false)
            from recreate in Gen.Frequency((4, Gen.Constant(false)), (1, Gen.Constant(true)))
            from failing in Gen.Frequency((2, Gen.Constant(0)), (1, Gen.Choose(1, 60)))
            from forgetting in Gen.Frequency((2, Gen.Constant(0)), (1, Gen.Choose(1, 20)))
            from seed in Gen.Choose(0, int.MaxValue - 1)
            select new World(replicas, old, surge, routed, recreate, failing, forgetting, seed));

    private static string Show(RolloutPath path) =>
        string.Join(' ', path.Waypoints.Select(point => $"{point.New}/{point.Old}{(point.Verified ? "v" : "")}"));

    private static string Next(RolloutPath path, ObservedReplica[] fresh, ObservedReplica[] old, bool verified = false, DateTimeOffset? now = null) =>
        string.Join(", ", RolloutDriver.Next(path, new Observation(fresh, old, verified), now ?? Now, Deadline).Select(Show));

    private static string Show(RolloutAction action) => action switch
    {
        RolloutAction.Create create => $"Create {create.Index}",
        RolloutAction.Start start => $"Start {start.Index}",
        RolloutAction.Admit admit => $"Admit {admit.Index}",
        RolloutAction.Retire retire => $"Retire {retire.Index}",
        RolloutAction.Withdraw withdraw => $"Withdraw {(withdraw.IsNew ? "new" : "old")} {withdraw.Index}",
        _ => action.GetType().Name,
    };

    private static ObservedReplica Absent(int index) => At(index, ReplicaPhase.Absent);

    private static ObservedReplica Serving(int index) => At(index, ReplicaPhase.Ready, ReplicaTraffic.Serving);

    private static ObservedReplica At(int index, ReplicaPhase phase, ReplicaTraffic traffic = ReplicaTraffic.None, bool routable = true) =>
        new(index, phase, traffic, routable);

    /// <summary>A made-up engine and router: does the actions, lets replicas fail and the router forget, and checks what must hold at every step.</summary>
    private sealed record World(int Replicas, int OldCount, int Surge, bool Routed, bool Recreate, int FailingPercent, int ForgettingPerMille, int Seed)
    {
        private const int StepsAtMost = 2000;

        public bool Run()
        {
            var random = new Random(Seed);
            var fresh = Enumerable.Range(1, Replicas).Select(index => At(index, ReplicaPhase.Absent, routable: Routed)).ToArray();
            var old = Enumerable.Range(1, OldCount).Select(index => At(index, ReplicaPhase.Ready, Routed ? ReplicaTraffic.Serving : ReplicaTraffic.None, Routed)).ToArray();
            var path = Recreate ? RolloutPath.Recreate(Replicas) : RolloutPath.Rolling(Replicas, OldCount, Surge, RolloutPath.Batch(Surge, Replicas));
            var completed = Drive(random, path, fresh, old, FailingPercent, goingBack: false);
            if (completed) return fresh.All(replica => replica.Serves) && !old.Any(replica => replica.IsLeft);

            var back = Recreate ? RolloutPath.BackAfterRecreate(OldCount) : RolloutPath.Back(OldCount, Surge);
            return Drive(random, back, old, fresh, failingPercent: 0, goingBack: true)
                && old.All(replica => replica.Serves) && !fresh.Any(replica => replica.IsLeft);
        }

        private bool Drive(Random random, RolloutPath path, ObservedReplica[] fresh, ObservedReplica[] old, int failingPercent, bool goingBack)
        {
            var verified = false;

            // What the router forgot on the way there is missing on the way back from the start.
            var disturbed = fresh.Concat(old).Count(replica => replica.Serves) < Math.Min(OldCount, Replicas);
            for (var step = 0; step < StepsAtMost; step++)
            {
                var actions = RolloutDriver.Next(path, new Observation(fresh, old, verified), Now, Deadline);
                foreach (var action in actions)
                {
                    switch (action)
                    {
                        case RolloutAction.Complete: return true;
                        case RolloutAction.Fail: return false;
                        case RolloutAction.Verify:
                            Require(disturbed || fresh.All(replica => replica.Serves), "verified before all new serve");
                            verified = true;
                            break;
                        case RolloutAction.Create create:
                            Require(fresh[create.Index - 1].Phase == ReplicaPhase.Absent, "created twice");
                            fresh[create.Index - 1] = fresh[create.Index - 1] with { Phase = ReplicaPhase.Stopped };
                            break;
                        case RolloutAction.Start start:
                            fresh[start.Index - 1] = fresh[start.Index - 1] with { Phase = random.Next(100) < failingPercent ? ReplicaPhase.Failed : ReplicaPhase.Starting };
                            break;
                        case RolloutAction.Admit admit:
                            Require(Routed && fresh[admit.Index - 1].Phase == ReplicaPhase.Ready, "admitted what is not ready");
                            fresh[admit.Index - 1] = fresh[admit.Index - 1] with { Traffic = ReplicaTraffic.Serving };
                            break;
                        case RolloutAction.Retire retire:
                            Require(goingBack || Recreate || disturbed || Surge < Replicas || (verified && fresh.All(replica => replica.Serves)), "old touched too early");
                            old[retire.Index - 1] = old[retire.Index - 1] with { Phase = ReplicaPhase.Stopped, Traffic = ReplicaTraffic.None };
                            break;
                        case RolloutAction.Withdraw withdraw:
                            var set = withdraw.IsNew ? fresh : old;
                            set[withdraw.Index - 1] = set[withdraw.Index - 1] with { Traffic = ReplicaTraffic.None };
                            break;
                        case RolloutAction.Wait:
                            Require(fresh.Any(replica => replica.Phase == ReplicaPhase.Starting), "waits for nothing");
                            break;
                    }
                }

                if (!Recreate && !disturbed)
                {
                    Require(fresh.Concat(old).Count(replica => replica.Serves) >= Math.Min(OldCount, Replicas), "under the floor");
                    Require(fresh.Concat(old).Count(replica => replica.Phase is not (ReplicaPhase.Absent or ReplicaPhase.Stopped)) <= Math.Max(OldCount, Replicas) + Surge, "over the surge");
                    Require(goingBack || fresh.Count(replica => replica.Phase is ReplicaPhase.Stopped or ReplicaPhase.Starting) <= Surge, "over the batch");
                }

                for (var i = 0; i < fresh.Length; i++)
                {
                    if (fresh[i].Phase == ReplicaPhase.Starting && random.Next(3) == 0) fresh[i] = fresh[i] with { Phase = ReplicaPhase.Ready };
                    if (fresh[i].Traffic != ReplicaTraffic.Serving || step >= StepsAtMost / 2 || random.Next(1000) >= ForgettingPerMille) continue;
                    fresh[i] = fresh[i] with { Traffic = ReplicaTraffic.None };
                    disturbed = true;
                }
            }

            throw new InvalidOperationException($"stuck: {this}");
        }

        private static void Require(bool holds, string rule)
        {
            if (!holds) throw new InvalidOperationException(rule);
        }
    }
}
