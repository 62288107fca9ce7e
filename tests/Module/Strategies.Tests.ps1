BeforeDiscovery { $NoDocker = -not (docker version --format ok 2>$null) }

BeforeAll { . $PSScriptRoot/TestSetup.ps1 }

AfterAll { Remove-TestObjects }

Describe 'Start-Rollout -Step' {
    It 'refuses <Case>' -ForEach @(
        @{ Case = 'a 5s without quotes'; Step = { 5s }; Id = 'InvalidStep'; Names = 'quote it' }
        @{ Case = 'a 1d in a list'; Step = { '5%', 1d }; Id = 'InvalidStep'; Names = 'quote it' }
        @{ Case = 'a weight without its sign'; Step = { @{ Weight = 5 } }; Id = 'InvalidPercentage'; Names = 'quote it' }
        @{ Case = 'what is no step'; Step = { '5%,soon' }; Id = 'InvalidStep'; Names = "'soon' is not a step" }
        @{ Case = 'two things in one table'; Step = { @{ Weight = '5%'; Pause = '2m' } }; Id = 'InvalidStep'; Names = 'one of Weight' }
        @{ Case = 'a header whose value is no text'; Step = { @{ Header = @{ 'X-Canary' = $true } } }; Id = 'InvalidStep'; Names = 'quote it' }
        @{ Case = 'a header of several values'; Step = { @{ Header = @{ 'X-Canary' = 'a', 'b' } } }; Id = 'InvalidStep'; Names = 'quote it' }
        @{ Case = 'a header twice'; Step = { ConvertFrom-Json '{"Header":{"x-a":"1","X-A":"2"}}' -AsHashtable }; Id = 'InvalidStep'; Names = "'X-A' is there twice" }
    ) {
        $steps = & $Step
        $failure = Get-Failure { Start-Rollout docker/x -Image x:1 -Strategy Canary -Step $steps }
        $failure.FullyQualifiedErrorId | Should -BeLike "$Id,*"
        $failure.Exception.Message | Should -BeLike "*$Names*"
    }

    It 'takes steps as they come from JSON' {
        $steps = ConvertFrom-Json '["5%", {"Pause":60}, {"Replicas":2}, {"Weight":"25%"}, {"Pause":true, "ApprovalLimit":"1h"}, {"Check":true}]'
        (Get-Failure { Start-Rollout docker/x -Strategy Canary -Step $steps -ErrorAction Stop }).FullyQualifiedErrorId | Should -BeLike 'ImageMissing,*'
    }

    It 'refuses an unquoted 5s on the command line' {
        (Get-Failure { Start-Rollout docker/x -Image x:1 -Strategy Canary -Step 5%,5s,10% }).Exception.Message | Should -BeLike '*quote it*'
    }
}

Describe 'Canary and blue-green' -Skip:$NoDocker {
    BeforeAll {
        $name = "docker/$Prefix-steps"
        New-TestImage v1 | Start-Rollout $name -Port 8080 | Out-Null
        $v2 = New-TestImage v2
    }

    It 'refuses <Id>' -ForEach @(
        @{ Id = 'StepFalls'; With = @{ Strategy = 'Canary'; Step = '25%,5%' } }
        @{ Id = 'StepsNotApplicable'; With = @{ Step = '25%' } }
        @{ Id = 'StepNotOfBlueGreen'; With = @{ Strategy = 'BlueGreen'; Step = '25%' } }
        @{ Id = 'StepNotSupported'; With = @{ Strategy = 'Canary'; Step = @{ Header = @{ 'X-Canary' = '1' } } } }
        @{ Id = 'BaselineNotSupported'; With = @{ Strategy = 'Canary'; Baseline = $true } }
    ) {
        $failure = Get-Failure { $v2 | Start-Rollout $name @With -ErrorAction Stop }
        $failure.FullyQualifiedErrorId | Should -BeLike "$Id,*"
        $failure.ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
        (Get-Rollout $name).Revision | Should -Be 1
    }

    It 'changes nothing under -WhatIf' {
        $v2 | Start-Rollout $name -Strategy Canary -Step 50%,2m,@{ Pause = $true; ApprovalLimit = '1h' } -WhatIf | Should -BeNullOrEmpty
        (Get-Rollout $name).Revision | Should -Be 1
    }

    It 'holds a canary at its pause, warns of the share it can have, and Stop-Rollout goes back' {
        $check = New-RolloutHealthCheck -Container
        $held = $v2 | Start-Rollout $name -Strategy Canary -Step 5%,@{ Check = $check },@{ Pause = $true } -WarningVariable warnings -WarningAction SilentlyContinue
        $held.Phase | Should -Be Paused
        $held.Step | Should -Be '3 of 3: pause'
        $held.Reason | Should -Be WaitsForResume
        $held.Available | Should -Be 2
        "$warnings" | Should -BeLike '*5 % cannot be had*'
        ($held | Test-RolloutHealth).Verdict | Should -Be Healthy
        ($held | Format-List | Out-String) | Should -BeLike '*3 of 3: pause*'

        $stopped = Get-Rollout $name | Stop-Rollout
        $stopped.Phase | Should -Be Undone
        $stopped.Image.Tag | Should -Be v1
        docker ps --format '{{.Image}}' --filter "name=^$Prefix-steps-" | Should -Be "$Prefix/app:v1"
    }

    It 'is not swept away by another image while it is held' {
        $held = $v2 | Start-Rollout $name -Strategy Canary -Step '50%,pause' -WarningAction SilentlyContinue
        $v9 = New-TestImage v9
        foreach ($refused in { $v9 | Start-Rollout $name -ErrorAction Stop }, { $v9 | Start-Rollout $name -Strategy Canary -WhatIf -ErrorAction Stop }) {
            $failure = Get-Failure $refused
            $failure.FullyQualifiedErrorId | Should -BeLike 'SteppedRolloutUnderWay,*'
            $failure.ErrorDetails.RecommendedAction | Should -BeLike '*Stop-Rollout*'
        }
        (Get-Rollout $name).Step | Should -Be $held.Step
        (Stop-Rollout $name).Phase | Should -Be Undone
    }

    It 'is let go by Resume-Rollout, taken to the end by -Full' {
        $held = $v2 | Start-Rollout $name -Strategy Canary -Step '50%,pause,pause' -WarningAction SilentlyContinue
        $held.Step | Should -Be '2 of 3: pause'
        ($held | Resume-Rollout).Step | Should -Be '3 of 3: pause'
        $done = Resume-Rollout $name -Full
        $done.Phase | Should -Be Healthy
        $done.Step | Should -BeNullOrEmpty
        docker ps --format '{{.Image}}' --filter "name=^$Prefix-steps-" | Should -Be "$Prefix/app:v2"
    }

    It 'says that with -Force it is taken back first' {
        New-TestImage v5 | Start-Rollout $name -Strategy Canary -Step '50%,pause' -WarningAction SilentlyContinue | Out-Null
        $done = New-TestImage v6 | Start-Rollout $name -Force -WarningVariable warnings -WarningAction SilentlyContinue
        $done.Phase | Should -Be Healthy
        $done.PreviousImage.Tag | Should -Be v2
        "$warnings" | Should -BeLike "*is in a Canary rollout to *:v5, at the step 'pause': that is taken back first*"
    }

    It 'is held by another shell, which a paused one obeys' {
        $v3 = New-TestImage v3
        $v3 | Start-Rollout $name -Strategy Canary -Step '50%,1h' -NoWait -WarningAction SilentlyContinue | Out-Null
        (Wait-Rollout $name -Phase Paused -TimeoutSec 60).Step | Should -Be '2 of 2: pause 1h'
        (Suspend-Rollout $name).Reason | Should -Be Suspended
        (Stop-Rollout $name).Phase | Should -Be Undone
    }

    It 'switches blue-green by itself with -AutoPromote' {
        $done = New-TestImage v4 | Start-Rollout $name -Strategy BlueGreen -AutoPromote -ScaleDownDelay '100ms' -WarningAction SilentlyContinue
        $done.Phase | Should -Be Healthy
        $done.Strategy | Should -Be BlueGreen
    }
}
