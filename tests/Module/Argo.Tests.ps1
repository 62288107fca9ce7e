# The cmdlets on a Rollout of Argo, with the in-process cluster of the engine's tests, whose controller acts as Argo's does.
BeforeDiscovery {
    . $PSScriptRoot/TestCluster.ps1
    $NoCluster = -not (Get-TestClusterProgram)
}

BeforeAll {
    . $PSScriptRoot/TestSetup.ps1
    . $PSScriptRoot/TestCluster.ps1
    $PSDefaultParameterValues['Start-Rollout:WarningAction'] = 'Ignore'
}

Describe 'A Rollout of Argo' -Skip:$NoCluster {
    BeforeAll {
        $cluster = Start-TestCluster 'in-process'
        $space = 'default'
        $at = @{ Namespace = $space; Kubeconfig = $cluster.Kubeconfig }
        $labels = @{ app = 'shop' }
        $body = @{
            metadata = @{ name = 'shop' }
            spec     = @{
                replicas = 4
                selector = @{ matchLabels = $labels }
                template = @{ metadata = @{ labels = $labels }; spec = @{ containers = @(@{ name = 'main'; image = '127.0.0.1:1/shop:v1' }) } }
                strategy = @{ canary = @{ steps = @(@{ setWeight = 25 }, @{ pause = @{} }) } }
            }
        }
        Invoke-TestCluster $cluster POST "/apis/argoproj.io/v1alpha1/namespaces/$space/rollouts" $body | Out-Null
        Wait-Rollout rollout/shop -Phase Healthy @at -TimeoutSec 30 | Out-Null
    }

    AfterAll { Stop-TestCluster $cluster }

    It 'stops at its pause, which is no error, and shows the step' {
        $paused = Start-Rollout rollout/shop -Image 127.0.0.1:1/shop:v2 @at -ErrorAction Stop
        $paused.Phase | Should -Be Paused
        $paused.Platform | Should -Be Argo
        $paused.Strategy | Should -Be Canary
        $paused.Step | Should -Be '2 of 2: pause at weight 25%'
        ($paused | Format-List | Out-String) | Should -Match 'Step\s+: 2 of 2: pause at weight 25%'
        (Get-Rollout @at).Target | Should -Contain rollout/shop
    }

    It 'goes back with Stop-Rollout and on again with Resume-Rollout -Full' {
        $stopped = Get-Rollout rollout/shop @at | Stop-Rollout -Confirm:$false -ErrorAction SilentlyContinue
        $stopped.Reason | Should -Be RolloutAborted
        $stopped.Phase | Should -Be Degraded
        $done = $stopped | Resume-Rollout -Full
        $done.Phase | Should -Be Healthy
        $done.Image.Tag | Should -Be v2
    }

    It 'is undone from its history, and restarted' {
        $history = Get-RolloutHistory rollout/shop @at
        $history.Image.Tag | Should -Be v2, v1
        $undone = Get-Rollout rollout/shop @at | Undo-Rollout -ToRevision $history[1].Revision -Confirm:$false
        $undone.Phase | Should -Be Undone
        $undone.Image.Tag | Should -Be v1
        ($undone | Restart-Rollout -Confirm:$false).Phase | Should -Be Healthy
    }

    It 'is promised and not done under -WhatIf' {
        $before = Get-Rollout rollout/shop @at
        Start-Rollout rollout/shop -Image 127.0.0.1:1/shop:v3 @at -WhatIf | Should -BeNullOrEmpty
        (Get-Rollout rollout/shop @at).Image.Tag | Should -Be $before.Image.Tag
    }

    It 'refuses <_>, for which its strategy has no field' -ForEach 'ScaleDownDelay', 'AutoPromote', 'Router', 'Step', 'Baseline' {
        $with = @{ $_ = @{ ScaleDownDelay = '30s'; AutoPromote = $true; Router = 'Gateway'; Step = '20%'; Baseline = $true }[$_] }
        $before = Get-Rollout rollout/shop @at
        $failure = Get-Failure { Start-Rollout rollout/shop -Image 127.0.0.1:1/shop:v3 @with @at -ErrorAction Stop }
        $failure.FullyQualifiedErrorId | Should -BeLike 'ArgoSpecDecides,*'
        $failure.Exception.Message | Should -BeLike "*-$_*"
        (Get-Rollout rollout/shop @at).Image.Tag | Should -Be $before.Image.Tag
    }

    It 'sets what its strategy has a field for' {
        Start-Rollout rollout/shop -Image 127.0.0.1:1/shop:v4 -MaxSurge 2 -MaxUnavailable 25% @at | Out-Null
        $canary = (Invoke-TestCluster $cluster GET "/apis/argoproj.io/v1alpha1/namespaces/$space/rollouts/shop").spec.strategy.canary
        $canary.maxSurge | Should -Be 2
        $canary.maxUnavailable | Should -Be '25%'
        $canary.steps | Should -HaveCount 2
        (Resume-Rollout rollout/shop -Full @at).Phase | Should -Be Healthy
    }

    It 'refuses another strategy than its own' {
        { Start-Rollout rollout/shop -Image 127.0.0.1:1/shop:v3 -Strategy BlueGreen @at -ErrorAction Stop } | Should -Throw -ErrorId 'ArgoSpecDecides,*'
    }
}

# Argo's controller is not there: its part, the status, is written by hand.
Describe 'A Rollout of Argo on a real API server' -Skip:(-not $env:ROLLOUT_TEST_KUBECONFIG) {
    BeforeAll {
        $cluster = Start-TestCluster 'real'
        $space = "pester-$([guid]::NewGuid().ToString('N').Substring(0, 8))"
        Invoke-TestCluster $cluster POST /api/v1/namespaces @{ metadata = @{ name = $space } } | Out-Null
        $at = @{ Namespace = $space; Kubeconfig = $cluster.Kubeconfig }
        Install-TestArgo $cluster
        $shop = @{
            apiVersion = 'argoproj.io/v1alpha1'; kind = 'Rollout'; metadata = @{ name = 'shop' }
            spec       = @{
                replicas = 2
                selector = @{ matchLabels = @{ app = 'shop' } }
                template = @{ metadata = @{ labels = @{ app = 'shop' } }; spec = @{ containers = @(@{ name = 'main'; image = '127.0.0.1:1/shop:v1' }) } }
                strategy = @{ blueGreen = @{ activeService = 'shop'; previewService = 'shop-preview'; autoPromotionEnabled = $false } }
            }
        }
        Invoke-TestCluster $cluster POST "/apis/argoproj.io/v1alpha1/namespaces/$space/rollouts" $shop | Out-Null

        function Get-Shop { Invoke-TestCluster $cluster GET "/apis/argoproj.io/v1alpha1/namespaces/$space/rollouts/shop" }
        function Set-Status([hashtable] $Status) {
            $whole = @{ status = @{ observedGeneration = "$((Get-Shop).metadata.generation)"; replicas = 2; updatedReplicas = 2; readyReplicas = 2; availableReplicas = 2 } + $Status }
            ConvertTo-Json $whole -Depth 9 -Compress | Set-Content "$TestDrive/status.json"
            kubectl patch rollouts.argoproj.io shop -n $space --subresource status --type merge --patch-file "$TestDrive/status.json" --kubeconfig $cluster.Kubeconfig | Out-Null
        }

        Set-Status @{ phase = 'Healthy'; currentPodHash = 'a'; stableRS = 'a'; blueGreen = @{ activeSelector = 'a'; previewSelector = 'a' } }
    }

    AfterAll { Invoke-TestCluster $cluster DELETE "/api/v1/namespaces/$space" | Out-Null }

    It 'is read, and refuses what it has no field for' {
        (Get-Rollout rollout/shop @at).Phase | Should -Be Healthy
        $before = (Get-Shop).metadata.resourceVersion
        (Get-Failure { Start-Rollout rollout/shop -Image 127.0.0.1:1/shop:v2 -MaxSurge 2 @at -ErrorAction Stop }).FullyQualifiedErrorId | Should -BeLike 'ArgoSpecDecides,*'
        (Get-Shop).metadata.resourceVersion | Should -Be $before
    }

    It 'gets its image and its delay, is held before the switch, and promoted in full' {
        $begun = Start-Rollout rollout/shop -Image 127.0.0.1:1/shop:v2 -ScaleDownDelay '45s' -NoWait @at
        $begun.Reason | Should -Be NotObserved
        (Get-Shop).spec.strategy.blueGreen.scaleDownDelaySeconds | Should -Be 45
        (Get-Shop).spec.template.spec.containers[0].image | Should -Be '127.0.0.1:1/shop:v2'
        Set-Status @{
            phase = 'Paused'; message = 'BlueGreenPause'; currentPodHash = 'b'; controllerPause = $true
            pauseConditions = @(@{ reason = 'BlueGreenPause'; startTime = '2026-01-01T00:00:00Z' }); blueGreen = @{ activeSelector = 'a'; previewSelector = 'b' }
        }
        (Wait-Rollout rollout/shop -Phase Paused -TimeoutSec 30 @at).Step | Should -Be '1 of 2: preview on shop-preview'
        Resume-Rollout rollout/shop -Full -NoWait @at | Out-Null
        (Get-Shop).status.promoteFull | Should -BeTrue
        Set-Status @{ phase = 'Healthy'; message = ''; promoteFull = $false; controllerPause = $false; pauseConditions = $null; stableRS = 'b'; blueGreen = @{ activeSelector = 'b'; previewSelector = 'b' } }
        $done = Wait-Rollout rollout/shop -TimeoutSec 30 @at
        $done.Phase | Should -Be Healthy
        $done.Image.Tag | Should -Be v2
    }

    It 'is held and restarted' {
        (Suspend-Rollout rollout/shop @at).Phase | Should -Be Paused
        (Get-Shop).spec.paused | Should -BeTrue
        Restart-Rollout rollout/shop -NoWait @at -ErrorAction SilentlyContinue | Out-Null
        (Get-Shop).spec.restartAt | Should -Not -BeNullOrEmpty
    }
}
