# The cmdlets on a service of a real swarm of one node, which a private engine manages.
BeforeDiscovery {
    . $PSScriptRoot/TestSwarm.ps1
    $NoSwarm = -not (Test-SwarmCanRun)
}

BeforeAll {
    . $PSScriptRoot/TestSetup.ps1
    . $PSScriptRoot/TestSwarm.ps1
}

Describe 'A service of a swarm' -Skip:$NoSwarm {
    BeforeAll {
        $swarm = Start-TestSwarm
        $at = @{ DockerHost = $swarm.DockerHost }
        $v1 = New-SwarmImage $swarm v1
        $v2 = New-SwarmImage $swarm v2
        $bad = New-SwarmImage $swarm bad 'echo no database for $PASSWORD; exit 3'
        New-SwarmService $swarm shop $v1
        Wait-Rollout service/shop -Phase Healthy -TimeoutSec 60 @at | Out-Null
    }

    AfterAll { if ($swarm) { Stop-TestSwarm $swarm } }

    It 'is shown by name and in the list, with a table and a list' {
        $shop = Get-Rollout service/shop @at
        $shop.Platform | Should -Be Swarm
        $shop.Phase | Should -Be Healthy
        $shop.Desired, $shop.Ready | Should -Be 2, 2
        $shop.Image.Tag | Should -Be v1
        $shop.Endpoint.DockerHost | Should -Be $swarm.DockerHost
        (Get-Rollout @at).Target | Should -Contain service/shop
        (Get-Rollout 'service/*' @at).Target | Should -Be service/shop
        ($shop | Out-String -Width 80) | Should -BeLike '*service/shop*Healthy*2/2*'
        ($shop | Format-List | Out-String) | Should -Match 'Platform\s+: Swarm'
        $line = "Get-Rollout -DockerHost $($swarm.DockerHost) serv"
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Contain service/shop
    }

    It 'is promised and not done under -WhatIf' {
        $before = Get-SwarmService $swarm shop
        $v2 | Start-Rollout service/shop @at -WhatIf | Should -BeNullOrEmpty
        (Get-SwarmService $swarm shop).Version.Index | Should -Be $before.Version.Index
    }

    It 'is rolled out by the swarm''s own update, and looked at by checks' {
        $done = $v2 | Start-Rollout service/shop -ChangeCause 'new prices' @at
        $done.Phase | Should -Be Healthy
        $done.Image.Tag | Should -Be v2
        $done.PreviousImage.Tag | Should -Be v1
        $done.Revision | Should -Be 2
        $done.Decisions.Action | Should -Contain Completed
        (Get-SwarmService $swarm shop).UpdateStatus.State | Should -Be completed
        ($done | Test-RolloutHealth).Verdict | Should -Be Healthy
        Get-Rollout service/shop @at | Test-RolloutHealth -Quiet | Should -BeTrue
        ($v2 | Start-Rollout service/shop @at).Message | Should -BeLike '*nothing was done*'
    }

    It 'has a history' {
        $history = Get-RolloutHistory service/shop @at
        $history.Revision | Should -Be 2, 1
        $history.Image.Tag | Should -Be v2, v1
        $history.Current | Should -Be $true, $false
        $history[0].ChangeCause | Should -Be 'new prices'
        $history[0].Verdict | Should -Be Healthy
    }

    It 'goes back by the swarm''s own rollback' {
        $undone = Get-Rollout service/shop @at | Undo-Rollout -Force
        $undone.Phase | Should -Be Undone
        $undone.Succeeded | Should -BeTrue
        $undone.Image.Tag | Should -Be v1
        (Get-Rollout service/shop @at).Phase | Should -Be Undone
        (Get-RolloutHistory service/shop @at)[0].Current | Should -BeFalse
        $forward = Get-RolloutHistory service/shop @at | Select-Object -First 1 | Undo-Rollout -Force @at
        $forward.Image.Tag | Should -Be v2
    }

    It 'is rolled back where its update fails, tells why, and no secret' {
        $failure = @()
        $failed = $bad | Start-Rollout service/shop @at -ErrorAction SilentlyContinue -ErrorVariable failure
        $failed.Phase | Should -Be Undone
        $failed.Succeeded | Should -BeFalse
        $failed.Image.Tag | Should -Be v2
        $failed.Reason | Should -Be ContainerExited
        $failed.Message | Should -BeLike '*no database for `*`*`**'
        "$failed $($failed.Message) $failure" | Should -Not -BeLike '*swordfish*'
        $failure[0].FullyQualifiedErrorId | Should -BeLike 'RolloutFailed,*'
        (Get-RolloutHistory service/shop @at)[0].Verdict | Should -Be Unhealthy
        ($failed | Test-RolloutHealth).Verdict | Should -Be Healthy -Because 'what runs again is well'
    }

    It 'is left where it failed with -OnFailure Freeze, resumed in vain, and taken back by Stop-Rollout' {
        $frozen = $bad | Start-Rollout service/shop -OnFailure Freeze @at -ErrorAction SilentlyContinue
        $frozen.Phase | Should -Be Failed
        $frozen.Image.Tag | Should -Be bad
        ($frozen | Test-RolloutHealth).Verdict | Should -Be Unhealthy
        $again = $frozen | Resume-Rollout -ErrorAction SilentlyContinue
        $again.Phase | Should -Be Failed
        $again.Reason | Should -Be ContainerExited
        $stopped = Get-Rollout service/shop @at | Stop-Rollout
        $stopped.Phase | Should -Be Undone
        $stopped.Image.Tag | Should -Be v2
        (Get-Failure { Stop-Rollout service/shop @at -ErrorAction Stop }).FullyQualifiedErrorId | Should -BeLike 'NothingToStop,*'
    }

    It 'is restarted, and not held' {
        $before = Get-SwarmTask $swarm shop
        $restarted = Restart-Rollout service/shop @at
        $restarted.Phase | Should -Be Healthy
        Get-SwarmTask $swarm shop | Where-Object { $_ -in $before } | Should -BeNullOrEmpty
        $failure = Get-Failure { Suspend-Rollout service/shop @at -ErrorAction Stop }
        $failure.FullyQualifiedErrorId | Should -BeLike 'RolloutCommandNotSupported,*'
        $failure.ErrorDetails.RecommendedAction | Should -BeLike '*Stop-Rollout*'
    }

    It 'is waited for and watched from another shell' {
        $begun = $v1 | Start-Rollout service/shop -NoWait @at
        $begun.Phase | Should -Be Progressing
        (Get-Failure { $v2 | Start-Rollout service/shop @at -ErrorAction Stop }).FullyQualifiedErrorId | Should -BeLike 'RolloutInProgress,*'
        $done = $begun | Wait-Rollout -TimeoutSec 60
        $done.Phase | Should -Be Healthy
        $done.Image.Tag | Should -Be v1
    }

    It 'refuses <Id>' -ForEach @(
        @{ Id = 'StrategyNotSupported'; Refused = { $v2 | Start-Rollout service/shop -Strategy Canary @at } }
        @{ Id = 'ServiceSettingNotSupported'; Refused = { $v2 | Start-Rollout service/shop -Port 8080 @at } }
        @{ Id = 'WorkloadNotFound'; Refused = { $v2 | Start-Rollout service/none @at } }
        @{ Id = 'RolloutNotFound'; Refused = { Get-Rollout service/none @at } }
        @{ Id = 'NamespaceNotApplicable'; Refused = { Get-Rollout service/shop -Namespace x @at } }
    ) {
        $before = Get-SwarmService $swarm shop
        $failure = Get-Failure { $ErrorActionPreference = 'Stop'; & $Refused }
        $failure.FullyQualifiedErrorId | Should -BeLike "$Id,*"
        $failure.ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
        (Get-SwarmService $swarm shop).Version.Index | Should -Be $before.Version.Index
    }
}

Describe 'An engine that manages no swarm' {
    It 'says so of a service, and lists the rest' -Skip:(-not (docker version --format ok 2>$null) -or (docker info --format '{{.Swarm.ControlAvailable}}') -eq 'true') {
        (Get-Failure { Get-Rollout service/x -ErrorAction Stop }).FullyQualifiedErrorId | Should -BeLike 'SwarmManagerNeeded,*'
        { Get-Rollout docker/* -ErrorAction Stop } | Should -Not -Throw
    }
}
