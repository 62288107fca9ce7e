using FsCheck;
using FsCheck.Fluent;
using Rollout.Engine.Rollouts;
using Xunit;

namespace Rollout.Engine.Tests.Rollouts;

/// <summary>Canary and blue-green: the way they are laid out, and what the driver makes of it, by tables and with made-up worlds.</summary>
public sealed class SteppedRolloutTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>step: new/old, the share in force behind @, and what is to be done or waited for.</summary>
    public static TheoryData<string, int, int, int, bool, string> Ways => new()
    {
        { "20%,2m,50%", 5, 5, 5, true, "0: 1/5, 0: 1/5@20 weight 20%, 1: 1/5@20 pause 2m, 2: 3/5, 2: 3/5@50 weight 50%, 3: 5/5, 3: 5/5@100 verified, 3: 5/0@100" },
        { "pause,10%", 4, 4, 1, true, "0: 0/4@0 pause, 1: 1/4, 1: 1/4@10 weight 10%, 2: 1/3, 2: 2/3, 2: 2/2, 2: 3/2, 2: 3/1, 2: 4/1, 2: 4/1@100 verified, 2: 4/0@100" },
        { "20%,60%,check", 5, 5, 5, false, "0: 1/5, 0: 1/4, 0: 1/4 weight 20%, 1: 3/4, 1: 3/2, 1: 3/2 weight 60%, 2: 3/2 check, 3: 5/2, 3: 5/2 verified, 3: 5/0" },
        { "50%", 1, 1, 1, false, "0: 1/1, 0: 1/1 weight 50%, 1: 1/1 verified, 1: 1/0" },
        { "100%", 2, 2, 1, false, "0: 1/2, 0: 1/1, 0: 2/1, 0: 2/0, 0: 2/0 weight 100%, 1: 2/0 verified, 1: 2/0" },
        { "50%", 4, 2, 4, false, "0: 1/2, 0: 1/1, 0: 1/1 weight 50%, 1: 4/1, 1: 4/1 verified, 1: 4/0" },
        { "50%", 2, 4, 2, false, "0: 2/2, 0: 2/2 weight 50%, 1: 2/2 verified, 1: 2/0" },
        { "replicas 3,pause,weight 100%,30s", 3, 3, 3, true, "0: 3/3, 0: 3/3@0 replicas 3, 1: 3/3@0 pause, 2: 3/3@100 weight 100%, 3: 3/3@100 pause 30s, 4: 3/3@100 verified, 4: 3/0@100" },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public void Steps_lay_out_their_waypoints(string steps, int replicas, int old, int surge, bool routed, string expected) =>
        Assert.Equal(expected, string.Join(", ", RolloutPath.Stepped(StepText.Parse(steps), replicas, old, surge, routed).Waypoints.Select(Show)));

    /// <summary>A header match stays until the next takes its place; one without headers takes it out.</summary>
    [Fact]
    public void Header_matches_lay_out_their_waypoints()
    {
        RolloutStep[] steps = [Header("x"), new WeightStep(25), Header("y"), Header()];
        Assert.Equal(
            "0: 1/4, 0: 1/4@0 header x header x, 1: 1/4@25 header x weight 25%, 2: 1/4@25 header y header y, 3: 1/4@25 no header, 4: 4/4, 4: 4/4@100 verified, 4: 4/0@100",
            string.Join(", ", RolloutPath.Stepped(steps, 4, 4, 4, routed: true).Waypoints.Select(Show)));
    }

    [Theory]
    [InlineData(0, null, "Shift 0 header x")]
    [InlineData(0, "y", "Shift 0 header x")]
    [InlineData(0, "x", "Pass 0")]
    [InlineData(-1, null, "Shift 0 header x")]
    public void A_header_match_is_passed_when_the_router_has_it_in_force(int percent, string? present, string expected)
    {
        var path = RolloutPath.Stepped([Header("x")], 1, 1, 1, routed: true);
        var replica = new ObservedReplica(1, ReplicaPhase.Ready, ReplicaTraffic.None, Routable: false);
        var observed = new Observation([replica], [replica], true, new StepProgress(0, Now)) { Share = new TrafficShare(percent, present is null ? null : Header(present)) };
        var action = Assert.Single(RolloutDriver.Next(path, observed, Now, Now.AddYears(1)));
        Assert.Equal(expected, action is RolloutAction.Shift shift ? $"Shift {shift.Share.Percent} {shift.Share.Match}" : Show(action));
    }

    /// <summary>Where there is no room beside the old, some of them must be missing for a while.</summary>
    [Fact]
    public void Without_room_beside_the_old_every_way_comes_to_its_end_within_what_may_be_missing() => Prop.ForAll(
        Gen.Choose(1, 12).SelectMany(replicas => Gen.Choose(1, replicas).SelectMany(missing => Gen.Choose(0, 3).SelectMany(surge => Gen.Choose(1, 100).Select(percent => (replicas, missing, surge, percent))))).ToArbitrary(),
        world => RolloutPath.Stepped([new WeightStep(world.percent)], world.replicas, world.replicas, world.surge, routed: false, world.missing).Waypoints.SkipLast(1)
            .All(point => point.New + point.Old >= world.replicas - world.missing && point.New + point.Old <= world.replicas + world.surge)).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(RolloutStrategy.Canary, "", false, 0, "weight 5%,pause 2m,weight 25%,pause 5m,weight 50%,pause 5m")]
    [InlineData(RolloutStrategy.Canary, "10%,pause", false, 0, "weight 10%,pause")]
    [InlineData(RolloutStrategy.BlueGreen, "", false, 0, "replicas 3,pause,weight 100%")]
    [InlineData(RolloutStrategy.BlueGreen, "", true, 30, "replicas 3,weight 100%,pause 30s")]
    [InlineData(RolloutStrategy.BlueGreen, "check,5m", false, 0, "replicas 3,check,pause 5m,weight 100%")]
    [InlineData(RolloutStrategy.Rolling, "", false, 0, "")]
    public void Each_strategy_has_its_steps(RolloutStrategy strategy, string steps, bool autoPromote, int delay, string expected) =>
        Assert.Equal(expected, StepText.Write(StrategySteps.Of(Request(strategy, steps) with { AutoPromote = autoPromote, ScaleDownDelay = TimeSpan.FromSeconds(delay) }, 3)));

    [Theory]
    [InlineData("-Step", "StepsNotApplicable", RolloutStrategy.Rolling, RolloutStrategy.Recreate)]
    [InlineData("-Baseline", "ParameterNotOfStrategy", RolloutStrategy.Rolling, RolloutStrategy.Recreate)]
    [InlineData("-AutoPromote", "ParameterNotOfStrategy", RolloutStrategy.Rolling, RolloutStrategy.Recreate, RolloutStrategy.Canary)]
    [InlineData("-ScaleDownDelay", "ParameterNotOfStrategy", RolloutStrategy.Rolling, RolloutStrategy.Recreate, RolloutStrategy.Canary)]
    public void What_a_strategy_has_no_use_for_is_refused(string parameter, string id, params RolloutStrategy[] without)
    {
        foreach (var strategy in Enum.GetValues<RolloutStrategy>())
        {
            var request = Request(strategy, parameter == "-Step" ? "pause" : "") with
            {
                Baseline = parameter == "-Baseline",
                AutoPromote = parameter == "-AutoPromote",
                ScaleDownDelay = TimeSpan.FromSeconds(parameter == "-ScaleDownDelay" ? 1 : 0),
            };
            var refused = Record.Exception(() => StrategySteps.Check(request)) as RolloutException;
            Assert.Equal(without.Contains(strategy) ? id : null, refused?.Id);
        }
    }

    [Fact]
    public void Checks_of_a_blue_green_rollout_are_made_before_the_switch_too()
    {
        var request = Request(RolloutStrategy.BlueGreen, "") with { AutoPromote = true, HealthChecks = [new ContainerHealthCheck { Name = "containers" }] };
        Assert.Equal("replicas 2,check,weight 100%", StepText.Write(StrategySteps.Of(request, 2)));
    }

    [Theory]
    [InlineData(RolloutStrategy.Canary, "25%,5%", "StepFalls")]
    [InlineData(RolloutStrategy.Canary, "replicas 2,5%,replicas 1", "StepFalls")]
    [InlineData(RolloutStrategy.Canary, "replicas 4", "StepHasTooManyReplicas")]
    [InlineData(RolloutStrategy.BlueGreen, "5%", "StepNotOfBlueGreen")]
    [InlineData(RolloutStrategy.Rolling, "5%", "StepsNotApplicable")]
    [InlineData(RolloutStrategy.Recreate, "pause", "StepsNotApplicable")]
    public void Steps_that_cannot_be_are_refused(RolloutStrategy strategy, string steps, string id) =>
        Assert.Equal(id, Assert.Throws<RolloutException>(() => StrategySteps.Of(Request(strategy, steps), 3)).Id);

    [Theory]
    [InlineData("20%", 0, "Pass 0")]
    [InlineData("check", 0, "Check 0")]
    [InlineData("pause", 0, "Hold")]
    [InlineData("pause", 1_000_000, "Hold")]
    [InlineData("2m", 119, "Wait 120")]
    [InlineData("2m", 120, "Pass 0")]
    [InlineData("pause within 1h", 3599, "Wait 3600")]
    [InlineData("pause within 1h", 3600, "Expire 0")]
    public void A_step_is_passed_when_it_is_done(string step, int seconds, string expected)
    {
        var path = RolloutPath.Stepped(StepText.Parse(step), 1, 1, 1, routed: true);
        var share = step == "20%" ? (New: 64, Old: 256) : (New: 0, Old: 100);
        var observed = new Observation([Routed(1, ReplicaTraffic.Serving, share.New)], [Routed(1, ReplicaTraffic.Serving, share.Old)], false, new StepProgress(0, Now));
        Assert.Equal(expected, Show(Assert.Single(RolloutDriver.Next(path, observed, Now.AddSeconds(seconds), Now.AddYears(1)))));
    }

    [Fact]
    public void The_new_enter_without_a_share_and_get_it_when_all_of_them_stand()
    {
        var path = RolloutPath.Stepped(StepText.Parse("50%"), 3, 3, 3, routed: true);
        ObservedReplica[] old = [Routed(1, ReplicaTraffic.Serving, 100), Routed(2, ReplicaTraffic.Serving, 100), Routed(3, ReplicaTraffic.Serving, 100)];
        Assert.Equal("Admit 1 idle", Next(path, old, Ready(1), Routed(2, ReplicaTraffic.Idle, 0), Absent(3)));
        Assert.Equal("Shift 50: 256 256 | 171 171 170", Next(path, old, Routed(1, ReplicaTraffic.Idle, 0), Routed(2, ReplicaTraffic.Idle, 0), Absent(3)));
    }

    [Fact]
    public void Old_replicas_that_the_router_lost_are_put_back_first()
    {
        var path = RolloutPath.Stepped(StepText.Parse("50%,pause"), 2, 2, 2, routed: true);
        Assert.Equal("Admit old 2 idle", Next(path, [Routed(1, ReplicaTraffic.Serving, 256), Ready(2)], Routed(1, ReplicaTraffic.Serving, 256), Absent(2)));
    }

    [Fact]
    public void An_old_version_that_is_broken_does_not_stand_in_the_way_of_its_fix()
    {
        var path = RolloutPath.Stepped([], 2, 2, 2, routed: true);
        ObservedReplica[] broken = [new(1, ReplicaPhase.Starting, ReplicaTraffic.Held, true) { Weight = 100 }, new(2, ReplicaPhase.Failed, ReplicaTraffic.None, true)];
        ObservedReplica[] fresh = [Routed(1, ReplicaTraffic.Serving, 100), Routed(2, ReplicaTraffic.Serving, 100)];
        var observed = new Observation(fresh, broken, Verified: true);
        Assert.Equal("Retire 2, Retire 1", string.Join(", ", RolloutDriver.Next(path, observed, Now, Now.AddHours(1)).Select(Show)));
    }

    [Fact]
    public void Any_state_leads_to_an_end_within_the_shares_and_never_under_the_floor() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000), Prop.ForAll(Worlds(), world => world.Run()));

    private static Arbitrary<World> Worlds() =>
        Arb.From(
            from replicas in Gen.Choose(1, 6)
            from old in Gen.Choose(1, 6)
            from surge in Gen.Choose(1, 7)
            from routed in Gen.Elements(true, false)
            from weights in Gen.ArrayOf(Gen.Choose(0, 100), 4)
            from pauses in Gen.ArrayOf(Gen.Elements("", "2m", "pause", "check", "pause within 1h"), 4)
            from failing in Gen.Frequency((3, Gen.Constant(0)), (1, Gen.Choose(1, 60)))
            from forgetting in Gen.Frequency((2, Gen.Constant(0)), (1, Gen.Choose(1, 20)))
            from seed in Gen.Choose(0, int.MaxValue - 1)
            select new World(
                replicas, old, surge, routed,
                string.Join(',', weights.Order().Zip(pauses, (weight, pause) => pause.Length == 0 ? $"{weight}%" : $"{weight}%,{pause}")),
                failing, forgetting, seed));

    private static RolloutRequest Request(RolloutStrategy strategy, string steps) =>
        new() { Image = ImageReference.Parse("shop:v2"), Strategy = strategy, Steps = StepText.Parse(steps) };

    private static ObservedReplica Absent(int index) => new(index, ReplicaPhase.Absent, ReplicaTraffic.None, true);

    private static ObservedReplica Ready(int index) => new(index, ReplicaPhase.Ready, ReplicaTraffic.None, true);

    private static ObservedReplica Routed(int index, ReplicaTraffic traffic, int weight) => new(index, ReplicaPhase.Ready, traffic, true) { Weight = weight };

    private static HeaderStep Header(params string[] names) => new(names.ToDictionary(name => name, _ => "1"));

    private static string Next(RolloutPath path, ObservedReplica[] old, params ObservedReplica[] fresh) =>
        string.Join(", ", RolloutDriver.Next(path, new Observation(fresh, old, false), Now, Now.AddHours(1)).Select(Show));

    private static string Show(Waypoint point)
    {
        var share = point.Share is { } given ? $"@{given.Percent:0.###}" + (given.Match is { } match ? $" {match}" : "") : "";
        return $"{point.Step}: {point.New}/{point.Old}{share}{(point.Verified ? " verified" : "")} {point.Gate}".TrimEnd();
    }

    private static string Show(RolloutAction action) => action switch
    {
        RolloutAction.Admit admit => $"Admit {(admit.IsNew ? "" : "old ")}{admit.Index}{(admit.Idle ? " idle" : "")}",
        RolloutAction.Retire retire => $"Retire {retire.Index}",
        RolloutAction.Shift shift => $"Shift {shift.Share.Percent:0.###}: {Weights(shift, isNew: true)} | {Weights(shift, isNew: false)}",
        RolloutAction.Pass pass => $"Pass {pass.Step}",
        RolloutAction.Check check => $"Check {check.Step}",
        RolloutAction.Expire expire => $"Expire {expire.Step}",
        RolloutAction.Wait { Until: { } until } => $"Wait {(until - Now).TotalSeconds}",
        _ => action.GetType().Name,
    };

    private static string Weights(RolloutAction.Shift shift, bool isNew) =>
        string.Join(' ', shift.Weights.Where(one => one.IsNew == isNew).Select(one => one.Weight));

    /// <summary>A made-up engine, router and clock; replicas fail, the router forgets, and somebody resumes what is paused.</summary>
    private sealed record World(int Replicas, int OldCount, int Surge, bool Routed, string Steps, int FailingPercent, int ForgettingPerMille, int Seed)
    {
        private const int RoundsAtMost = 3000;

        public bool Run()
        {
            var random = new Random(Seed);
            var fresh = Enumerable.Range(1, Replicas).Select(index => new ObservedReplica(index, ReplicaPhase.Absent, ReplicaTraffic.None, Routed)).ToArray();
            var old = Enumerable.Range(1, OldCount)
                .Select(index => new ObservedReplica(index, ReplicaPhase.Ready, Routed ? ReplicaTraffic.Serving : ReplicaTraffic.None, Routed) { Weight = 100 }).ToArray();
            var steps = StepText.Parse(Steps);
            if (Drive(random, RolloutPath.Stepped(steps, Replicas, OldCount, Surge, Routed), steps, fresh, old, FailingPercent))
            {
                return fresh.All(replica => replica.Serves && replica.Weight == (Routed ? 100 : 0)) && !old.Any(replica => replica.IsLeft);
            }

            var back = Routed ? RolloutPath.SwitchBack(OldCount) : RolloutPath.Back(OldCount, Surge);
            return Drive(random, back, [], old, fresh, failingPercent: 0)
                && old.All(replica => replica.Serves && replica.Weight == 100) && !fresh.Any(replica => replica.IsLeft);
        }

        private bool Drive(Random random, RolloutPath path, IReadOnlyList<RolloutStep> steps, ObservedReplica[] fresh, ObservedReplica[] old, int failingPercent)
        {
            var now = Now;
            var progress = new StepProgress(0, now);
            var verified = false;
            var disturbed = steps.Count == 0;
            for (var round = 0; round < RoundsAtMost; round++)
            {
                foreach (var action in RolloutDriver.Next(path, new Observation(fresh, old, verified, progress), now, Now.AddYears(1)))
                {
                    switch (action)
                    {
                        case RolloutAction.Complete:
                            Require(progress.Passed == steps.Count, "complete before all steps");
                            return true;
                        case RolloutAction.Fail or RolloutAction.Expire: return false;
                        case RolloutAction.Verify:
                            verified = true;
                            break;
                        case RolloutAction.Create create:
                            fresh[create.Index - 1] = fresh[create.Index - 1] with { Phase = ReplicaPhase.Stopped };
                            break;
                        case RolloutAction.Start start:
                            fresh[start.Index - 1] = fresh[start.Index - 1] with { Phase = random.Next(100) < failingPercent ? ReplicaPhase.Failed : ReplicaPhase.Starting };
                            break;
                        case RolloutAction.Admit admit:
                            var set = admit.IsNew ? fresh : old;
                            Require(Routed && set[admit.Index - 1].Phase == ReplicaPhase.Ready, "admitted what is not ready");
                            set[admit.Index - 1] = set[admit.Index - 1] with { Traffic = admit.Idle ? ReplicaTraffic.Idle : ReplicaTraffic.Serving, Weight = admit.Idle ? 0 : 100 };
                            break;
                        case RolloutAction.Shift shift:
                            foreach (var (replica, isNew, weight) in shift.Weights)
                            {
                                (isNew ? fresh : old)[replica.Index - 1] = replica with { Weight = weight, Traffic = weight == 0 ? ReplicaTraffic.Idle : ReplicaTraffic.Serving };
                            }

                            break;
                        case RolloutAction.Retire retire:
                            Require(disturbed || verified || progress.Passed < steps.Count || Surge < Math.Max(Replicas, OldCount), "old touched too early");
                            old[retire.Index - 1] = old[retire.Index - 1] with { Phase = ReplicaPhase.Stopped, Traffic = ReplicaTraffic.None };
                            break;
                        case RolloutAction.Withdraw withdraw:
                            var side = withdraw.IsNew ? fresh : old;
                            side[withdraw.Index - 1] = side[withdraw.Index - 1] with { Traffic = ReplicaTraffic.None };
                            break;
                        case RolloutAction.Pass pass:
                            Require(pass.Step == progress.Passed, "a step is passed over");
                            progress = new StepProgress(pass.Step + 1, now);
                            break;
                        case RolloutAction.Check check:
                            if (random.Next(100) < failingPercent) return false;
                            progress = new StepProgress(check.Step + 1, now);
                            break;
                        case RolloutAction.Hold:
                            Require(steps[progress.Passed] is PauseStep { IsOpenEnded: true }, "held elsewhere");
                            progress = new StepProgress(progress.Passed + 1, now);
                            break;
                        case RolloutAction.Wait { Until: { } until }:
                            Require(until > now, "waits for the past");
                            now = until.AddSeconds(-random.Next(2));
                            if (random.Next(2) == 0) now = until;
                            else if (steps[progress.Passed] is PauseStep { ApprovalLimit: not null }) progress = new StepProgress(progress.Passed + 1, now);
                            break;
                        case RolloutAction.Wait:
                            Require(fresh.Any(replica => replica.Phase == ReplicaPhase.Starting), "waits for nothing");
                            break;
                    }
                }

                if (!disturbed) CheckBounds(steps, progress, fresh, old, verified);
                for (var i = 0; i < fresh.Length; i++)
                {
                    if (fresh[i].Phase == ReplicaPhase.Starting && random.Next(3) == 0) fresh[i] = fresh[i] with { Phase = ReplicaPhase.Ready };
                }

                foreach (var set in new[] { fresh, old })
                {
                    for (var i = 0; i < set.Length; i++)
                    {
                        if (!set[i].IsInRouter || round >= RoundsAtMost / 2 || random.Next(1000) >= ForgettingPerMille) continue;
                        set[i] = set[i] with { Traffic = ReplicaTraffic.None, Weight = 0 };
                        disturbed = true;
                    }
                }
            }

            throw new InvalidOperationException($"stuck: {this}");
        }

        private void CheckBounds(IReadOnlyList<RolloutStep> steps, StepProgress progress, ObservedReplica[] fresh, ObservedReplica[] old, bool verified)
        {
            Require(fresh.Concat(old).Count(replica => replica.Phase == ReplicaPhase.Ready) >= Math.Min(OldCount, Replicas), "under the floor");
            Require(fresh.Concat(old).Count(replica => replica.Phase is not (ReplicaPhase.Absent or ReplicaPhase.Stopped)) <= Math.Max(OldCount, Replicas) + Surge, "over the surge");
            if (!Routed || progress.Passed == steps.Count) return;

            var allowed = steps.Take(progress.Passed + 1).OfType<WeightStep>().Select(step => step.Percent).DefaultIfEmpty(0).Max();
            var (newWeight, oldWeight) = (fresh.Sum(replica => replica.Weight), old.Where(replica => replica.IsLeft).Sum(replica => replica.Weight));
            Require(newWeight + oldWeight > 0, "nobody has the traffic");
            Require(newWeight <= 1 || 100m * newWeight / (newWeight + oldWeight) <= allowed, $"over the share: {newWeight} to {oldWeight}, {allowed} % are allowed");
            Require(!verified, "verified before the end");
        }

        private static void Require(bool holds, string rule)
        {
            if (!holds) throw new InvalidOperationException(rule);
        }
    }
}
