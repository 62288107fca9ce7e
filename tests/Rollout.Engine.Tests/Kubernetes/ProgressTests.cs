using System.Text.Json;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Workloads;
using Xunit;

namespace Rollout.Engine.Tests.Kubernetes;

/// <summary>The status algorithm, from the JSON the API sends: zeros are left out there.</summary>
public sealed class ProgressTests
{
    [Theory]
    // The happy way, step by step.
    [InlineData("replicas:3", "", "NotObserved")]
    [InlineData("replicas:3", "observedGeneration:1,replicas:3,updatedReplicas:3,readyReplicas:3,availableReplicas:3", "NotObserved")]
    [InlineData("replicas:3", "observedGeneration:2,replicas:3,readyReplicas:3,availableReplicas:3", "Updating")]
    [InlineData("replicas:3", "observedGeneration:2,replicas:4,updatedReplicas:1,readyReplicas:3,availableReplicas:3", "Updating")]
    [InlineData("replicas:3", "observedGeneration:2,replicas:4,updatedReplicas:3,readyReplicas:4,availableReplicas:4", "OldPodsTerminating")]
    [InlineData("replicas:3", "observedGeneration:2,replicas:3,updatedReplicas:3,readyReplicas:3,availableReplicas:2", "NotAvailable")]
    [InlineData("replicas:3", "observedGeneration:2,replicas:3,updatedReplicas:3,readyReplicas:3,availableReplicas:3", "Complete")]
    [InlineData("replicas:3", "observedGeneration:3,replicas:3,updatedReplicas:3,readyReplicas:3,availableReplicas:3", "Complete")]
    // A counter that is missing is 0, not "unknown".
    [InlineData("replicas:3", "observedGeneration:2", "Updating")]
    [InlineData("replicas:3", "observedGeneration:2,replicas:3,updatedReplicas:3", "NotAvailable")]
    // replicas 0 is wanted; replicas absent is 1.
    [InlineData("replicas:0", "observedGeneration:2", "Complete")]
    [InlineData("replicas:0", "observedGeneration:2,replicas:1", "OldPodsTerminating")]
    [InlineData("", "observedGeneration:2", "Updating")]
    [InlineData("", "observedGeneration:2,replicas:1,updatedReplicas:1,availableReplicas:1", "Complete")]
    // Scaled while it goes on: more than wanted are updated.
    [InlineData("replicas:2", "observedGeneration:2,replicas:3,updatedReplicas:3,availableReplicas:3", "Complete")]
    // kubectl waits for ever for a paused one.
    [InlineData("replicas:3,paused:true", "observedGeneration:2,replicas:3,readyReplicas:3,availableReplicas:3", "Paused")]
    [InlineData("replicas:3,paused:true", "observedGeneration:1,replicas:3,availableReplicas:3", "NotObserved")]
    [InlineData("replicas:3,paused:true", "observedGeneration:2,replicas:3,updatedReplicas:3,availableReplicas:3", "Complete")]
    [InlineData("replicas:3", "observedGeneration:2,replicas:4,updatedReplicas:1,conditions:[{type:Progressing,status:False,reason:ProgressDeadlineExceeded}]", "ProgressDeadlineExceeded")]
    [InlineData("replicas:3", "observedGeneration:1,replicas:4,updatedReplicas:1,conditions:[{type:Progressing,status:False,reason:ProgressDeadlineExceeded}]", "NotObserved")]
    [InlineData("replicas:3", "observedGeneration:2,conditions:[{type:ReplicaFailure,status:True,reason:FailedCreate}]", "FailedCreate")]
    public void Deployment(string spec, string status, string reason) => Is(reason, Progress.Of(Read(spec, status, Resources.Deployments)));

    [Theory]
    [InlineData("replicas:3", "", "NotObserved")]
    [InlineData("replicas:3", "observedGeneration:1,readyReplicas:3,availableReplicas:3,updateRevision:a,currentRevision:a", "NotObserved")]
    [InlineData("replicas:3", "observedGeneration:2,replicas:3,updateRevision:b,currentRevision:a", "NotReady")]
    [InlineData("replicas:3", "observedGeneration:2,replicas:3,readyReplicas:3,availableReplicas:3,updatedReplicas:1,updateRevision:b,currentRevision:a", "Updating")]
    [InlineData("replicas:3", "observedGeneration:2,replicas:3,readyReplicas:3,availableReplicas:2,updatedReplicas:3,updateRevision:b,currentRevision:b", "NotAvailable")]
    [InlineData("replicas:3", "observedGeneration:2,replicas:3,readyReplicas:3,availableReplicas:3,updatedReplicas:3,updateRevision:b,currentRevision:b", "Complete")]
    [InlineData("replicas:3", "observedGeneration:2,replicas:3,readyReplicas:3,availableReplicas:3,updatedReplicas:1,updateRevision:a,currentRevision:a", "Updating")]
    [InlineData("replicas:3,updateStrategy:{type:RollingUpdate,rollingUpdate:{partition:1}}", "observedGeneration:2,replicas:3,readyReplicas:3,availableReplicas:3,updatedReplicas:2,updateRevision:a,currentRevision:a", "Updating")]
    [InlineData("replicas:0", "observedGeneration:2,updateRevision:b,currentRevision:b", "Complete")]
    [InlineData("replicas:3,updateStrategy:{type:RollingUpdate,rollingUpdate:{partition:2}}", "observedGeneration:2,readyReplicas:3,availableReplicas:3,updateRevision:b,currentRevision:a", "Updating")]
    [InlineData("replicas:3,updateStrategy:{type:RollingUpdate,rollingUpdate:{partition:2}}", "observedGeneration:2,readyReplicas:3,availableReplicas:3,updatedReplicas:1,updateRevision:b,currentRevision:a", "Partitioned")]
    [InlineData("replicas:3,updateStrategy:{type:RollingUpdate,rollingUpdate:{partition:5}}", "observedGeneration:2,readyReplicas:3,availableReplicas:3,updateRevision:b,currentRevision:a", "Partitioned")]
    [InlineData("replicas:3,updateStrategy:{type:OnDelete}", "observedGeneration:2,readyReplicas:3,availableReplicas:3,updatedReplicas:1,updateRevision:b,currentRevision:a", "OnDelete")]
    [InlineData("replicas:3,updateStrategy:{type:OnDelete}", "observedGeneration:2,readyReplicas:3,availableReplicas:3,updatedReplicas:3,updateRevision:b,currentRevision:a", "Complete")]
    public void StatefulSet(string spec, string status, string reason) => Is(reason, Progress.Of(Read(spec, status, Resources.StatefulSets)));

    [Theory]
    [InlineData("", "", "NotObserved")]
    [InlineData("", "observedGeneration:1,desiredNumberScheduled:3,updatedNumberScheduled:3,numberAvailable:3", "NotObserved")]
    [InlineData("", "observedGeneration:2,desiredNumberScheduled:3,numberAvailable:3", "Updating")]
    [InlineData("", "observedGeneration:2,desiredNumberScheduled:3,updatedNumberScheduled:3,numberAvailable:2", "NotAvailable")]
    [InlineData("", "observedGeneration:2,desiredNumberScheduled:3,updatedNumberScheduled:3", "NotAvailable")]
    [InlineData("", "observedGeneration:2,desiredNumberScheduled:3,updatedNumberScheduled:3,numberAvailable:3", "Complete")]
    [InlineData("", "observedGeneration:2", "Complete")]
    [InlineData("updateStrategy:{type:OnDelete}", "observedGeneration:2,desiredNumberScheduled:3,updatedNumberScheduled:1,numberAvailable:3", "OnDelete")]
    public void DaemonSet(string spec, string status, string reason) => Is(reason, Progress.Of(Read(spec, status, Resources.DaemonSets)));

    [Fact]
    public void WhatIsBeingDeletedHasFailedWhateverItsStatusSays()
    {
        var going = new Deployment { Metadata = new ObjectMeta { DeletionTimestamp = DateTimeOffset.UnixEpoch }, Spec = new DeploymentSpec { Replicas = 0 }, Status = new DeploymentStatus { ObservedGeneration = 1 } };

        Assert.Equal((ProgressKind.Failed, "Deleted"), (Progress.Of(going).Kind, Progress.Of(going).Reason));
    }

    private static void Is(string reason, Progress progress)
    {
        var kind = reason switch
        {
            "Complete" or "Partitioned" => ProgressKind.Done,
            "Paused" or "OnDelete" => ProgressKind.Held,
            "ProgressDeadlineExceeded" => ProgressKind.Failed,
            _ => ProgressKind.Waiting,
        };
        Assert.Equal((kind, reason), (progress.Kind, progress.Reason));
    }

    private static T Read<T>(string spec, string status, Resource<T> resource) where T : class, IKubernetesObject
    {
        var words = System.Text.RegularExpressions.Regex.Replace($"{{metadata:{{generation:2}},spec:{{{spec}}},status:{{{status}}}}}", "[A-Za-z]+", word => word.Value is "true" or "false" ? word.Value : $"\"{word}\"");
        return JsonSerializer.Deserialize(words, resource.Item)!;
    }
}
