using Rollout.Engine.Kubernetes.Argo;
using Xunit;

namespace Rollout.Engine.Tests.Kubernetes.Argo;

/// <summary>Where a Rollout is among its steps, and what lets it go on.</summary>
public sealed class ArgoStepsTests
{
    private const string Under = "currentPodHash:new,stableRS:old";
    private const string Routed = "{canary:{trafficRouting:{maxTrafficWeight:1000},steps:[{setWeight:250},{setCanaryScale:{replicas:3}},{setHeaderRoute:{name:beta}},{plugin:{name:'org/wait'}}]}}";
    private const string Paused = "controllerPause:true,pauseConditions:[{reason:CanaryPauseStep}]";

    [Theory]
    [InlineData(ArgoDocuments.FiveSteps, Under, "1 of 5: weight 20%")]
    [InlineData(ArgoDocuments.FiveSteps, Under + ",currentStepIndex:1", "2 of 5: pause at weight 20%")]
    [InlineData(ArgoDocuments.FiveSteps, Under + ",currentStepIndex:3", "4 of 5: pause 5m at weight 40%")]
    [InlineData(ArgoDocuments.FiveSteps, Under + ",currentStepIndex:4", "5 of 5: analysis at weight 40%")]
    [InlineData(ArgoDocuments.FiveSteps, Under + ",currentStepIndex:5", "5 of 5: weight 100%")]
    [InlineData(ArgoDocuments.FiveSteps, Under + ",currentStepIndex:1,abort:true,phase:Degraded,message:'RolloutAborted: x',updatedReplicas:1,availableReplicas:5", "back to the stable revision")]
    [InlineData(ArgoDocuments.FiveSteps, Under + ",currentStepIndex:0,abort:true,phase:Degraded,message:'RolloutAborted: x',availableReplicas:4", null)]
    [InlineData(ArgoDocuments.FiveSteps, "currentPodHash:new,stableRS:new,currentStepIndex:5", null)]
    [InlineData("{canary:{}}", Under, null)]
    [InlineData("{canary:{steps:[{pause:{duration:90}}]}}", Under, "1 of 1: pause 90 at weight 0%")]
    [InlineData("{canary:{trafficRouting:{},steps:[{setWeight:30},{pause:{}}]}}", Under + ",currentStepIndex:1,canary:{weights:{canary:{weight:20}}}", "2 of 2: pause at weight 30% (the router sends 20%)")]
    [InlineData(Routed, Under, "1 of 4: weight 250 of 1000")]
    [InlineData(Routed, Under + ",currentStepIndex:1", "2 of 4: canary scale 3 replicas at weight 250 of 1000")]
    [InlineData(Routed, Under + ",currentStepIndex:2", "3 of 4: header route beta at weight 250 of 1000")]
    [InlineData(Routed, Under + ",currentStepIndex:3", "4 of 4: plugin org/wait at weight 250 of 1000")]
    [InlineData(ArgoDocuments.BlueGreen, Under + ",blueGreen:{activeSelector:old}", "1 of 2: preview on shop_preview")]
    [InlineData(ArgoDocuments.BlueGreen, Under + ",blueGreen:{activeSelector:new}", "2 of 2: active on shop")]
    [InlineData("{blueGreen:{activeService:shop}}", Under + ",blueGreen:{activeSelector:old}", "1 of 2: before the switch")]
    [InlineData(ArgoDocuments.BlueGreen, "currentPodHash:new,stableRS:new", null)]
    public void TheStepIsTold(string strategy, string status, string? text) => Assert.Equal(text, ArgoSteps.Text(ArgoDocuments.Read(strategy, status)));

    [Theory]
    [InlineData(ArgoDocuments.FiveSteps, 300)]
    [InlineData("{canary:{steps:[{pause:{duration:90}},{pause:{duration:'10'}},{pause:{duration:1h}},{pause:{duration:soon}}]}}", 3700)]
    [InlineData("{blueGreen:{activeService:shop,autoPromotionSeconds:30}}", 30)]
    public void PausesTakeTheirTime(string strategy, int seconds) => Assert.Equal(TimeSpan.FromSeconds(seconds), ArgoSteps.Pauses(ArgoDocuments.Read(strategy, "")));

    [Theory]
    [InlineData("", Under + "," + Paused + ",currentStepIndex:1", null, """{"pauseConditions":null}""")]
    [InlineData("paused:true", Under + ",currentStepIndex:2", """{"paused":false}""", null)]
    [InlineData("paused:true", Under + "," + Paused + ",currentStepIndex:1", """{"paused":false}""", """{"pauseConditions":null}""")]
    [InlineData("", Under + ",currentStepIndex:4", null, """{"pauseConditions":null,"currentStepIndex":5}""")]
    [InlineData("", Under + ",currentStepIndex:2", null, null)]
    [InlineData("", "currentPodHash:new,stableRS:new,currentStepIndex:5", null, null)]
    [InlineData("", Under + ",abort:true,currentStepIndex:0", null, """{"abort":false}""")]
    [InlineData("", Under + ",controllerPause:true,pauseConditions:[{reason:InconclusiveAnalysisRun}],currentStepIndex:4,canary:{currentStepAnalysisRunStatus:{status:Inconclusive}}", null, """{"pauseConditions":null,"controllerPause":false,"currentStepIndex":5}""")]
    public void WhatHoldsItIsLetGo(string spec, string status, string? specPatch, string? statusPatch)
    {
        var promotion = ArgoPromotion.Of(ArgoDocuments.Read(ArgoDocuments.FiveSteps, status, $"replicas:4,{spec}".TrimEnd(',')));

        Assert.Equal((specPatch, statusPatch), (promotion?.Spec?.ToJsonString(), promotion?.Status?.ToJsonString()));
        Assert.Equal(specPatch is null && statusPatch is null, promotion is null);
    }

    [Fact]
    public void OneStepIsSkippedAndNoMore() =>
        Assert.Equal(2, (int?)ArgoPromotion.Of(ArgoDocuments.Read("{canary:{steps:[{setWeight:1},{analysis:{}},{setWeight:2},{pause:{}}]}}", Under + ",currentStepIndex:1"))!.Status!["currentStepIndex"]);

    [Theory]
    [InlineData("", Under + ",currentStepIndex:1", null, """{"promoteFull":true}""")]
    [InlineData("paused:true", Under, """{"paused":false}""", """{"promoteFull":true}""")]
    [InlineData("paused:true", "currentPodHash:new,stableRS:new", """{"paused":false}""", null)]
    [InlineData("", Under + ",abort:true", null, """{"promoteFull":true,"abort":false}""")]
    public void InFullItGoesPastAllSteps(string spec, string status, string? specPatch, string? statusPatch)
    {
        var promotion = ArgoPromotion.Full(ArgoDocuments.Read(ArgoDocuments.FiveSteps, status, $"replicas:4,{spec}".TrimEnd(',')));

        Assert.Equal((specPatch, statusPatch), (promotion?.Spec?.ToJsonString(), promotion?.Status?.ToJsonString()));
    }

    [Fact]
    public void WhereEveryStepIsDoneNothingIsLeftToPromote() => Assert.Null(ArgoPromotion.Full(ArgoDocuments.Read(ArgoDocuments.FiveSteps, "currentPodHash:new,stableRS:new")));
}
