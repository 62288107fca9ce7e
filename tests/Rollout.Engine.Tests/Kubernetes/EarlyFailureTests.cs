using FsCheck;
using FsCheck.Fluent;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Workloads;
using Xunit;

namespace Rollout.Engine.Tests.Kubernetes;

public sealed class EarlyFailureTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("ErrImagePull", "failed to resolve: docker.io/x:y: not found", true)]
    [InlineData("ErrImagePull", "pull access denied, repository does not exist", true)]
    [InlineData("ImagePullBackOff", "Back-off pulling image \"x\": ErrImagePull: manifest unknown", true)]
    [InlineData("ErrImagePull", "dial tcp: i/o timeout", false)]
    [InlineData("ErrImagePull", "received unexpected HTTP status: 503 Service Unavailable", false)]
    [InlineData("ImagePullBackOff", "Back-off pulling image \"x\"", false)]
    [InlineData("InvalidImageName", "couldn't parse image reference", true)]
    [InlineData("CreateContainerConfigError", "configmap \"settings\" not found", true)]
    [InlineData("CreateContainerConfigError", "failed to sync configmap cache: timed out waiting for the condition", false)]
    [InlineData("RunContainerError", "exec: \"/shop\": no such file", true)]
    [InlineData("ContainerCreating", "", false)]
    [InlineData("PodInitializing", "", false)]
    public void AWaitingContainerIsInTroubleWhereItWillHardlyMendItself(string reason, string message, bool isTrouble)
    {
        var trouble = PodTrouble.Of(Waiting("p", reason, message));

        Assert.Equal(isTrouble ? (reason, message, "main") : null, trouble is null ? null : ((string, string, string)?)(trouble.Reason, trouble.Message, trouble.Container!));
    }

    [Fact]
    public void ARuntimeThatFailsWith128IsTriedAgain()
    {
        var pod = Waiting("p", "RunContainerError", "x", last: new ContainerTerminated { ExitCode = 128 });

        Assert.Null(PodTrouble.Of(pod));
    }

    [Fact]
    public void AKilledContainerSaysThatItWasItsMemory()
    {
        var trouble = PodTrouble.Of(Waiting("p", "CrashLoopBackOff", "back-off", restarts: 2, last: new ContainerTerminated { Reason = "OOMKilled", ExitCode = 137 }))!;

        Assert.Equal(("OOMKilled", 2), (trouble.Reason, trouble.Restarts));
    }

    [Fact]
    public void AnInitContainersTroubleCountsAndALeavingPodsDoesNot()
    {
        var waiting = new ContainerState { Waiting = new ContainerWaiting { Reason = "InvalidImageName" } };
        var pod = new Pod { Status = new PodStatus { InitContainerStatuses = [new ContainerStatus { Name = "init", State = waiting }] } };

        Assert.Equal("init", PodTrouble.Of(pod)!.Container);
        Assert.Null(PodTrouble.Of(pod with { Metadata = new ObjectMeta { DeletionTimestamp = Start } }));
    }

    [Fact]
    public void GraceIsByTime()
    {
        var early = new EarlyFailure(0, TimeSpan.FromSeconds(10));
        Pod[] pods = [Waiting("p", "InvalidImageName", "")];

        Assert.Equal((null, TimeSpan.FromSeconds(10)), early.Look(pods, Start));
        Assert.Equal((null, TimeSpan.FromSeconds(1)), early.Look(pods, Start.AddSeconds(9)));
        Assert.Equal("p", early.Look(pods, Start.AddSeconds(10)).Failure!.Pod);
    }

    [Theory]
    [InlineData(0, 0, false)]
    [InlineData(0, 1, true)]
    [InlineData(3, 3, false)]
    [InlineData(3, 4, true)]
    public void GraceIsByRestarts(int forgiven, int restarts, bool fails)
    {
        var early = new EarlyFailure(forgiven, TimeSpan.Zero);

        Assert.Equal(fails, early.Look([Waiting("p", "CrashLoopBackOff", "", restarts)], Start).Failure is not null);
    }

    [Fact]
    public void WhatMendsItselfBeginsAnew()
    {
        var early = new EarlyFailure(0, TimeSpan.FromSeconds(10));
        early.Look([Waiting("p", "InvalidImageName", "")], Start);
        Assert.Equal((null, null), early.Look([Running("p")], Start.AddSeconds(5)));
        Assert.Null(early.Look([Waiting("p", "InvalidImageName", "")], Start.AddSeconds(11)).Failure);
    }

    [Fact]
    public void BackingOffFromAPullKeepsWhatWasSaidFirst()
    {
        var early = new EarlyFailure(0, TimeSpan.FromSeconds(10));
        early.Look([Waiting("p", "ErrImagePull", "x: not found")], Start);
        early.Look([Waiting("p", "ImagePullBackOff", "Back-off pulling image \"x\"")], Start.AddSeconds(4));
        var (failure, _) = early.Look([Waiting("p", "ErrImagePull", "x: not found")], Start.AddSeconds(10));

        Assert.Equal("x: not found", failure!.Message);
    }

    [Fact]
    public void TheSchedulerHasATimeOfItsOwn()
    {
        var early = new EarlyFailure(0, TimeSpan.Zero);
        Pod[] pods = [new Pod { Metadata = new ObjectMeta { Name = "p", Uid = "p" }, Status = new PodStatus { Conditions = [new Condition { Type = "PodScheduled", Status = "False", Reason = "Unschedulable", Message = "no nodes" }] } }];

        Assert.Equal((null, TimeSpan.FromSeconds(15)), early.Look(pods, Start));
        Assert.Equal("Unschedulable", early.Look(pods, Start.AddSeconds(15)).Failure!.Reason);
    }

    [Fact]
    public void WhateverHappensNoFailureComesBeforeItsGraceAndNoneIsMissedAfterIt()
    {
        var state = Gen.Elements("run", "bad", "back", "gone");
        Check.QuickThrowOnFailure(Prop.ForAll(Gen.ListOf(state).ToArbitrary(), states =>
        {
            var early = new EarlyFailure(0, TimeSpan.FromSeconds(3));
            var badFor = 0;
            var second = 0;
            foreach (var now in states)
            {
                Pod[] pods = now switch { "run" => [Running("p")], "bad" => [Waiting("p", "ErrImagePull", "not found")], "back" => [Waiting("p", "ImagePullBackOff", "Back-off")], _ => [] };
                badFor = now == "bad" || (now == "back" && badFor > 0) ? badFor + 1 : 0;
                if (early.Look(pods, Start.AddSeconds(second++)).Failure is not null != badFor > 3) return false;
            }

            return true;
        }));
    }

    private static Pod Waiting(string name, string reason, string message, int restarts = 0, ContainerTerminated? last = null) => new()
    {
        Metadata = new ObjectMeta { Name = name, Uid = name },
        Status = new PodStatus
        {
            ContainerStatuses =
            [
                new ContainerStatus { Name = "main", RestartCount = restarts, State = new ContainerState { Waiting = new ContainerWaiting { Reason = reason, Message = message } }, LastState = new ContainerState { Terminated = last } },
            ],
        },
    };

    private static Pod Running(string name) => new()
    {
        Metadata = new ObjectMeta { Name = name, Uid = name },
        Status = new PodStatus { ContainerStatuses = [new ContainerStatus { Name = "main", Ready = true, State = new ContainerState { Running = new ContainerRunning() } }] },
    };
}
