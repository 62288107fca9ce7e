using Rollout.Engine.Kubernetes.Argo;
using Rollout.Engine.Kubernetes.Workloads;
using Xunit;

namespace Rollout.Engine.Tests.Kubernetes.Argo;

/// <summary>Where a Rollout stands, from status documents as controllers of each age write them.</summary>
public sealed class ArgoProgressTests
{
    private const string Seen = "observedGeneration:'2',currentPodHash:new,stableRS:old";

    // What a controller of 1.0 and later says is believed, with a reason in one word.
    [Theory]
    [InlineData("phase:Healthy", nameof(ProgressKind.Done), "Complete")]
    [InlineData("phase:Progressing,message:'more replicas need to be updated'", nameof(ProgressKind.Waiting), "Updating")]
    [InlineData("phase:Progressing,message:'updated replicas are still becoming available'", nameof(ProgressKind.Waiting), "NotAvailable")]
    [InlineData("phase:Progressing,message:'waiting for all steps to complete'", nameof(ProgressKind.Waiting), "Stepping")]
    [InlineData("phase:Progressing,message:'active service cutover pending'", nameof(ProgressKind.Waiting), "CutoverPending")]
    [InlineData("phase:Progressing,message:'a message of a later version'", nameof(ProgressKind.Waiting), "Progressing")]
    [InlineData("phase:Progressing", nameof(ProgressKind.Waiting), "Progressing")]
    [InlineData("phase:Paused,message:CanaryPauseStep,controllerPause:true,pauseConditions:[{reason:CanaryPauseStep}]", nameof(ProgressKind.Held), "CanaryPauseStep")]
    [InlineData("phase:Paused,message:'manually paused'", nameof(ProgressKind.Held), "Paused")]
    [InlineData("phase:Degraded,abort:true,message:'RolloutAborted: Rollout aborted update to revision 2'", nameof(ProgressKind.Failed), "RolloutAborted")]
    [InlineData("phase:Degraded,message:'ProgressDeadlineExceeded: ReplicaSet has timed out progressing.'", nameof(ProgressKind.Failed), "ProgressDeadlineExceeded")]
    [InlineData("phase:Degraded,message:'InvalidSpec: The Rollout is invalid'", nameof(ProgressKind.Failed), "InvalidSpec")]
    public void OfItsController(string status, string kind, string reason) => Is(kind, reason, ArgoDocuments.Read(ArgoDocuments.FiveSteps, $"{Seen},{status}"));

    // A status that is not about what is wanted now says nothing; Argo's own status command exits early there.
    [Theory]
    [InlineData("abort:false", "NotObserved")]
    [InlineData("observedGeneration:'1',phase:Healthy", "NotObserved")]
    [InlineData("observedGeneration:'1',phase:Degraded,message:'RolloutAborted: x',abort:true", "NotObserved")]
    [InlineData("observedGeneration:'6f8c9d',phase:Healthy", "Complete")]
    [InlineData("observedGeneration:'777777',phase:Healthy", "Complete")]
    [InlineData("observedGeneration:'2',phase:Paused,message:CanaryPauseStep,controllerPause:true", "NotObserved")]
    [InlineData("observedGeneration:'2',phase:Paused,message:CanaryPauseStep,promoteFull:true,pauseConditions:[{reason:CanaryPauseStep}]", "NotObserved")]
    [InlineData("observedGeneration:'2',phase:Progressing,abort:true,currentPodHash:new,stableRS:old", "NotObserved")]
    [InlineData("observedGeneration:'2',phase:Degraded,message:'RolloutAborted: x',currentPodHash:new,stableRS:old", "NotObserved")]
    [InlineData("observedGeneration:'2',phase:Degraded,message:'ProgressDeadlineExceeded: x',currentPodHash:new,stableRS:old", "ProgressDeadlineExceeded")]
    public void OfWhatItHasSeen(string status, string reason) => Assert.Equal(reason, ArgoProgress.Of(ArgoDocuments.Read(ArgoDocuments.FiveSteps, status)).Reason);

    [Theory]
    [InlineData("workloadObservedGeneration:'6'", "NotObserved")]
    [InlineData("workloadObservedGeneration:'7'", "Complete")]
    [InlineData("", "Complete")]
    public void OfAWorkloadItRefersTo(string status, string reason) =>
        Assert.Equal(reason, ArgoProgress.Of(ArgoDocuments.Read(ArgoDocuments.FiveSteps, $"{Seen},phase:Healthy,{status}".TrimEnd(',')), workloadGeneration: 7).Reason);

    // Controllers before 1.0 write no phase: it is worked out as Argo's own clients do.
    [Theory]
    [InlineData("conditions:[{type:InvalidSpec,reason:InvalidSpec,message:'no service'}]", nameof(ProgressKind.Failed), "InvalidSpec")]
    [InlineData("abort:true,conditions:[{type:Progressing,reason:RolloutAborted,message:aborted}]", nameof(ProgressKind.Failed), "RolloutAborted")]
    [InlineData("conditions:[{type:Progressing,reason:ProgressDeadlineExceeded,message:late}]", nameof(ProgressKind.Failed), "ProgressDeadlineExceeded")]
    [InlineData("controllerPause:true,pauseConditions:[{reason:CanaryPauseStep}]", nameof(ProgressKind.Held), "CanaryPauseStep")]
    [InlineData("updatedReplicas:1,replicas:4,availableReplicas:4", nameof(ProgressKind.Waiting), "Updating")]
    [InlineData("updatedReplicas:4,replicas:4,availableReplicas:3", nameof(ProgressKind.Waiting), "NotAvailable")]
    [InlineData("updatedReplicas:4,replicas:5,availableReplicas:4", nameof(ProgressKind.Waiting), "OldPodsTerminating")]
    [InlineData("updatedReplicas:4,replicas:4,availableReplicas:4", nameof(ProgressKind.Waiting), "Stepping")]
    public void OfACanaryWithoutPhase(string status, string kind, string reason) => Is(kind, reason, ArgoDocuments.Read(ArgoDocuments.FiveSteps, $"{Seen},{status}"));

    [Theory]
    [InlineData("currentPodHash:new,stableRS:old,blueGreen:{activeSelector:old}", nameof(ProgressKind.Waiting), "CutoverPending")]
    [InlineData("currentPodHash:new,stableRS:old,blueGreen:{activeSelector:new}", nameof(ProgressKind.Waiting), "Verifying")]
    [InlineData("currentPodHash:new,stableRS:new,blueGreen:{activeSelector:new}", nameof(ProgressKind.Done), "Complete")]
    [InlineData("currentPodHash:new,stableRS:old,controllerPause:true,pauseConditions:[{reason:BlueGreenPause}]", nameof(ProgressKind.Held), "BlueGreenPause")]
    public void OfABlueGreenWithoutPhase(string status, string kind, string reason) =>
        Is(kind, reason, ArgoDocuments.Read(ArgoDocuments.BlueGreen, $"observedGeneration:'2',updatedReplicas:4,replicas:8,availableReplicas:8,{status}"));

    [Theory]
    [InlineData("restartAt:'2026-01-01T00:00:00Z'", "", "Restarting")]
    [InlineData("restartAt:'2026-01-01T00:00:00Z'", "restartedAt:'2026-01-01T00:00:00Z',", "Complete")]
    [InlineData("paused:true", "", "Paused")]
    public void OfWhatItsSpecAsksFor(string spec, string status, string reason) =>
        Assert.Equal(reason, ArgoProgress.Of(ArgoDocuments.Read(ArgoDocuments.FiveSteps, $"observedGeneration:'2',{status}currentPodHash:new,stableRS:new,updatedReplicas:4,replicas:4,availableReplicas:4", $"replicas:4,{spec}")).Reason);

    [Fact]
    public void WhatIsBeingDeletedHasFailedWhateverItsStatusSays() =>
        Assert.Equal((ProgressKind.Failed, "Deleted"), ArgoProgress.Of(ArgoDocuments.Read(ArgoDocuments.FiveSteps, "phase:Healthy", metadata: "deletionTimestamp:'2026-01-01T00:00:00Z'")) is var progress ? (progress.Kind, progress.Reason) : default);

    [Fact]
    public void ReplicasAreThoseOfItsStatusAndOneWhereNoneAreSaid() =>
        Assert.Equal((1, 2, 3, 4), ArgoProgress.Of(ArgoDocuments.Read(ArgoDocuments.FiveSteps, "updatedReplicas:2,readyReplicas:3,availableReplicas:4", "paused:false")) is var progress ? (progress.Desired, progress.Updated, progress.Ready, progress.Available) : default);

    // A pause for a time ends by itself; every other waits for somebody.
    [Theory]
    [InlineData("currentStepIndex:1", null)]
    [InlineData("currentStepIndex:3", "2026-01-01T00:05:00Z")]
    public void APauseSaysHowLong(string step, string? until)
    {
        var progress = ArgoProgress.Of(ArgoDocuments.Read(ArgoDocuments.FiveSteps, $"{Seen},phase:Paused,message:CanaryPauseStep,controllerPause:true,pauseConditions:[{{reason:CanaryPauseStep,startTime:'2026-01-01T00:00:00Z'}}],{step}"));

        Assert.Equal(until is null ? null : DateTimeOffset.Parse(until, null), progress.Until);
        Assert.Contains(until is null ? "Resume-Rollout lets it go on, Stop-Rollout goes back" : "until 2026-01-01 00:05:00 UTC", progress.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{blueGreen:{activeService:shop,autoPromotionSeconds:90}}", "2026-01-01T00:01:30Z")]
    [InlineData("{blueGreen:{activeService:shop,autoPromotionEnabled:false}}", null)]
    public void ASwitchMayComeByItself(string strategy, string? until) =>
        Assert.Equal(until is null ? null : DateTimeOffset.Parse(until, null), ArgoProgress.Of(ArgoDocuments.Read(strategy, $"{Seen},phase:Paused,message:BlueGreenPause,controllerPause:true,pauseConditions:[{{reason:BlueGreenPause,startTime:'2026-01-01T00:00:00Z'}}]")).Until);

    // An abort is done when nothing but the stable revision serves.
    [Theory]
    [InlineData(ArgoDocuments.FiveSteps, "availableReplicas:4", true)]
    [InlineData(ArgoDocuments.FiveSteps, "availableReplicas:3", false)]
    [InlineData(ArgoDocuments.FiveSteps, "availableReplicas:5,updatedReplicas:1", false)]
    [InlineData("{canary:{trafficRouting:{},steps:[{setWeight:20}]}}", "availableReplicas:5,updatedReplicas:1,canary:{weights:{canary:{weight:20}}}", false)]
    [InlineData("{canary:{trafficRouting:{},steps:[{setWeight:20}]}}", "availableReplicas:5,updatedReplicas:1,canary:{weights:{canary:{weight:0}}}", true)]
    [InlineData(ArgoDocuments.BlueGreen, "availableReplicas:8,updatedReplicas:4,blueGreen:{activeSelector:new}", false)]
    [InlineData(ArgoDocuments.BlueGreen, "availableReplicas:8,updatedReplicas:4,blueGreen:{activeSelector:old}", true)]
    public void AnAbortIsDoneWhenTheStableServes(string strategy, string status, bool isBack) =>
        Assert.Equal(isBack, ArgoProgress.IsBackAtStable(ArgoDocuments.Read(strategy, $"{Seen},abort:true,phase:Degraded,message:'RolloutAborted: x',{status}")));

    private static void Is(string kind, string reason, ArgoRollout rollout) => Assert.Equal((kind, reason), ArgoProgress.Of(rollout) is var progress ? (progress.Kind.ToString(), progress.Reason) : default);
}
