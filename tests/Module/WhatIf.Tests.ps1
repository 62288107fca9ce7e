# -WhatIf says what would be done, emits nothing, and leaves engine and registry as they are.
BeforeDiscovery {
    $NoDocker = -not (docker version --format ok 2>$null)
    $NoRegistry = $NoDocker -or -not $env:ROLLOUT_TEST_REGISTRY
    $Cases = @(
        @{ Cmdlet = 'New-RolloutImage'; Script = { New-RolloutImage $context -Tag "$Prefix/new:1" -WhatIf } }
        @{ Cmdlet = 'Set-ImageTag'; Script = { $image | Set-ImageTag other -WhatIf } }
        @{ Cmdlet = 'Start-Rollout'; Script = { New-TestImage v2 | Start-Rollout $target -WhatIf } }
        @{ Cmdlet = 'Start-Rollout'; Script = { $image | Start-Rollout "docker/$Prefix-whatif-new" -Port 8080 -WhatIf } }
        @{ Cmdlet = 'Start-Rollout'; Script = { New-TestImage v2 | Start-Rollout $target -Strategy Canary -Step @{ Weight = '20%' }, @{ Pause = $true; ApprovalLimit = '1h' }, '50%' -WhatIf } }
        @{ Cmdlet = 'Undo-Rollout'; Script = { Get-Rollout $target | Undo-Rollout -WhatIf } }
        @{ Cmdlet = 'Undo-Rollout'; Script = { Get-RolloutHistory $target | Select-Object -Last 1 | Undo-Rollout -WhatIf } }
        @{ Cmdlet = 'Resume-Rollout'; Script = { Get-Rollout $target | Resume-Rollout -WhatIf } }
        @{ Cmdlet = 'Restart-Rollout'; Script = { Restart-Rollout $target -WhatIf } }
    )
}

BeforeAll {
    . $PSScriptRoot/TestSetup.ps1
    if (docker version --format ok 2>$null) {
        $context = New-TestContext "$TestDrive/context"
        $image = New-TestImage v1
        $target = "docker/$Prefix-whatif"
        $image | Start-Rollout $target -Port 8080 | Out-Null
        New-TestImage v2 | Start-Rollout $target | Out-Null
    }
}

AfterAll { Remove-TestObjects }

Describe '-WhatIf' -Skip:$NoDocker {
    It 'of <Cmdlet> changes nothing: <Script>' -ForEach $Cases {
        $before = Get-EngineState
        $before | Should -Not -BeNullOrEmpty
        & $Script | Should -BeNullOrEmpty
        Get-EngineState | Should -Be $before
    }

    It 'of Start-Rollout says that nothing would change where nothing would' {
        $said = Invoke-Fresh "Import-Module `$Staged; Start-Rollout $target -Image $Prefix/app:v2 -WhatIf; Start-Rollout $target -Image $Prefix/app:v2 -Replicas 2 -WhatIf"
        @($said)[0] | Should -BeLike '*Nothing: it runs that image with these settings already*'
        @($said)[1] | Should -BeLike '*as revision 3 with 2 replicas*'
    }

    It 'of Publish-Image changes nothing' -Skip:$NoRegistry {
        $tagged = $image | Set-ImageTag whatif -Registry $Registry
        $before = Get-EngineState
        $tagged | Publish-Image -WhatIf | Should -BeNullOrEmpty
        Get-EngineState | Should -Be $before
        $answer = Invoke-WebRequest "http://$Registry/v2/$Prefix/app/tags/list" -SkipHttpErrorCheck
        $answer.StatusCode | Should -Be 404
    }

    It 'of a whole chain changes nothing, since nothing flows' {
        $before = Get-EngineState
        New-RolloutImage $context -WhatIf | Set-ImageTag other | Publish-Image | Start-Rollout $target | Should -BeNullOrEmpty
        Get-EngineState | Should -Be $before
    }

    # What is under way, which Stop and Suspend need, is made in Kubernetes.Tests.ps1.
    It 'is tried with every cmdlet that changes things' -ForEach @{ Tried = @($Cases.Cmdlet) + 'Publish-Image' + 'Stop-Rollout' + 'Suspend-Rollout' | Sort-Object -Unique } {
        Get-Command -Module Rollout | Where-Object { $_.Parameters.ContainsKey('WhatIf') } | Select-Object -ExpandProperty Name | Sort-Object | Should -Be $Tried
    }
}

Describe '-Confirm' -Skip:$NoDocker {
    It 'asks on the pipeline''s thread, and a no changes nothing' {
        $before = Get-EngineState
        $failure = Get-Failure { New-TestImage v1 | Start-Rollout $target -Confirm -ErrorAction Stop }
        $failure.Exception.Message | Should -BeLike '*NonInteractive*'
        Get-EngineState | Should -Be $before
    }
}
