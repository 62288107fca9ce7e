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
