# What Tab offers for parameters whose values are known; in no case what fails, and never the names of files.
BeforeDiscovery { $NoDocker = -not (docker version --format ok 2>$null) }

BeforeAll {
    . $PSScriptRoot/TestSetup.ps1
    function Get-Completion([string] $Line) { (TabExpansion2 $Line $Line.Length).CompletionMatches }
}

AfterAll { Remove-TestObjects }

Describe 'Tab' {
    It 'offers steps, quoted where PowerShell would make something else of them' {
        $offered = (Get-Completion 'Start-Rollout docker/x -Strategy Canary -Step ').CompletionText
        $offered | Should -Contain "'5%,2m,25%,5m,50%,5m'"
        $offered | Should -Contain check
        $offered | Should -Contain "'pause within 1h'"
        (Get-Completion "Start-Rollout docker/x -Step 'pau").CompletionText | Should -Be pause, "'pause within 1h'"
    }

    It 'offers the words of a parameter that takes one of several' {
        (Get-Completion 'Start-Rollout docker/x -Strategy ').CompletionText | Should -Be Rolling, Canary, BlueGreen, Recreate
        (Get-Completion 'Start-Rollout docker/x -OnFailure f').CompletionText | Should -Be Freeze
        (Get-Completion 'Start-Rollout docker/x -Router ').CompletionText | Should -Be HAProxy, Gateway, Istio, Service
    }

    It 'offers steps that Start-Rollout takes' {
        foreach ($offer in Get-Completion 'Start-Rollout docker/x -Strategy Canary -Step ') {
            $with = $offer.ListItemText
            (Get-Failure { Start-Rollout docker/x -Strategy Canary -Step $with -ErrorAction Stop }).FullyQualifiedErrorId | Should -BeLike 'ImageMissing,*'
        }
    }

    It 'offers no shares for a blue-green rollout, which has one switch' {
        (Get-Completion 'Start-Rollout docker/x -Strategy BlueGreen -Step ').CompletionText | Should -Not -BeLike '*%*'
    }

    It 'offers the variables that hold checks for <_>' -ForEach 'Test-RolloutHealth -Check', 'Start-Rollout docker/x -HealthCheck' {
        $global:PesterCheckOne = New-RolloutHealthCheck http://127.0.0.1:1/one
        $global:PesterChecks = @($global:PesterCheckOne; New-RolloutHealthCheck -Container)
        $global:PesterCheckNone = 'no check'
        try {
            $offered = Get-Completion "$_ "
            $offered.CompletionText -like '$PesterCheck*' | Sort-Object | Should -Be '$PesterCheckOne', '$PesterChecks'
            ($offered | Where-Object CompletionText -eq '$PesterChecks').ToolTip | Should -BeLike '*one, containers'
        } finally {
            Remove-Variable PesterCheckOne, PesterChecks, PesterCheckNone -Scope global
        }
    }

    It 'offers nothing, in time, where nobody answers: <_>' -ForEach 'Undo-Rollout docker/x -ToRevision ', 'Undo-Rollout docker/x -ToImage ', 'Undo-Rollout -ToRevision ', 'Start-Rollout docker/x -Image ', 'Get-Rollout ' {
        Push-Location (New-Item "$TestDrive/files" -ItemType Directory -Force)
        try {
            Set-Content a-file x
            Get-Completion ($_ -replace 'Rollout ', "Rollout -DockerHost unix://$TestDrive/nobody.sock ") | Should -BeNullOrEmpty
        } finally {
            Pop-Location
        }
    }
}

Describe 'Tab on an engine' -Skip:$NoDocker {
    BeforeAll {
        # Tab waits half a second, and the machine may be busy with something else: three tries.
        function Get-Answer([string] $Line) {
            foreach ($try in 1..3) { if ($found = Get-Completion $Line) { return $found } }
        }
        $target = "docker/$Prefix-tab"
        New-TestImage v1 | Start-Rollout $target -Port 8080 -ChangeCause 'the first' | Out-Null
        New-TestImage v2 | Start-Rollout $target | Out-Null
    }

    It 'offers the revisions that can be gone back to, and says what they are' {
        foreach ($line in "Undo-Rollout $target -ToRevision ", "Undo-Rollout -Target $target -ToRevision ", "Undo-Rollout -Rollout $target -ToRevision 1") {
            $offered = Get-Answer $line
            $offered.CompletionText | Should -Be 1
            $offered.ToolTip | Should -BeLike "*app:v1*the first"
        }
    }

    It 'offers their images' { (Get-Answer "Undo-Rollout $target -ToImage ").CompletionText | Should -BeLike "*$Prefix/app:v1" }

    It 'offers the images that are there for <_>' -ForEach 'Start-Rollout docker/x -Image', 'Publish-Image -Image', 'Set-ImageTag x -Image' {
        (Get-Answer "$_ docker.io/$Prefix/app:").CompletionText | Sort-Object | Should -Be "docker.io/$Prefix/app:v1", "docker.io/$Prefix/app:v2"
    }
}
