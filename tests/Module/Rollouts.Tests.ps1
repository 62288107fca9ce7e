BeforeDiscovery { $NoDocker = -not (docker version --format ok 2>$null) }

BeforeAll {
    . $PSScriptRoot/TestSetup.ps1
    $Broken = '["/bin/busybox", "false"]'

    # A workload of its own for a test, running v1.
    function Start-TestRollout([string] $Name) { New-TestImage v1 | Start-Rollout "docker/$Prefix-$Name" -Port 8080 }
}

AfterAll { Remove-TestObjects }

Describe 'Start-Rollout' -Skip:$NoDocker {
    It 'rolls an image out, then the next in place of it' {
        $first = Start-TestRollout start
        $first.Phase | Should -Be Healthy
        $first.Revision | Should -Be 1

        $second = New-TestImage v2 | Start-Rollout "docker/$Prefix-start"
        $second.Phase | Should -Be Healthy
        $second.Revision | Should -Be 2
        $second.PreviousImage.Tag | Should -Be v1
        docker ps --format '{{.Image}}' --filter "name=^$Prefix-start-" | Should -Be "$Prefix/app:v2"
    }

    It 'does not wait with -NoWait, and Wait-Rollout does' {
        $begun = New-TestImage v1 | Start-Rollout "docker/$Prefix-nowait" -Port 8080 -NoWait
        $begun.Phase | Should -Be Progressing
        ($begun | Wait-Rollout).Phase | Should -Be Healthy
        docker ps --quiet --filter "name=^$Prefix-nowait-" | Should -HaveCount 1
    }

    It 'emits what failed before its error, and leaves what ran' {
        Start-TestRollout failing | Out-Null
        $before = docker ps --quiet --filter "name=^$Prefix-failing-"
        $seen = [Collections.Generic.List[object]]::new()
        $failure = Get-Failure { New-TestImage broken -Command $Broken | Start-Rollout "docker/$Prefix-failing" -ErrorAction Stop | ForEach-Object { $seen.Add($_) } }
        $seen.Count | Should -Be 1
        $seen[0] | Should -BeOfType Rollout.RolloutStatus
        $seen[0].Phase | Should -BeIn Undone, Failed
        $failure.FullyQualifiedErrorId | Should -BeLike 'RolloutFailed,*'
        $failure.CategoryInfo.Category | Should -Be InvalidResult
        $failure.TargetObject | Should -Be $seen[0]
        $failure.ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
        docker ps --quiet --filter "name=^$Prefix-failing-" | Should -Be $before
    }

    It 'works on the rows of a CSV file side by side, each by its own columns' {
        New-TestImage v1 | Out-Null
        $rows = 1..3 | ForEach-Object { [pscustomobject]@{ Target = "docker/$Prefix-row$_"; Image = "$Prefix/app:v1"; Context = ''; Namespace = '' } }
        $rollouts = $rows | Start-Rollout -Port 8080 -ThrottleLimit 3
        $rollouts.Target | Sort-Object | Should -Be $rows.Target
        $rollouts.Phase | Sort-Object -Unique | Should -Be Healthy
    }

    It 'starts no more after -MaxFailures, and says so' {
        New-TestImage broken -Command $Broken | Out-Null
        $rows = 1..3 | ForEach-Object { [pscustomobject]@{ Target = "docker/$Prefix-max$_"; Image = "$Prefix/app:broken" } }
        $errors = @()
        $rows | Start-Rollout -ThrottleLimit 1 -MaxFailures 1 -ErrorAction SilentlyContinue -ErrorVariable errors | Out-Null
        $errors.FullyQualifiedErrorId -replace ',.*' | Should -Be RolloutFailed, RolloutNotStarted, RolloutNotStarted
        docker ps --all --quiet --filter "name=$Prefix-max3" | Should -BeNullOrEmpty
    }

    It 'refuses a piped rollout without an image, and one object that is none' {
        $rollout = Start-TestRollout piped
        (Get-Failure { $rollout | Start-Rollout -ErrorAction Stop }).FullyQualifiedErrorId | Should -BeLike 'RolloutWithoutImage,*'
        (Get-Failure { [pscustomobject]@{ Name = 'x' } | Start-Rollout "docker/$Prefix-piped" -ErrorAction Stop }).FullyQualifiedErrorId | Should -BeLike 'InputObjectNotBound,*'
        (Get-Rollout $rollout.Target).Revision | Should -Be 1
    }

    It 'takes a piped rollout''s target together with -Image' {
        $rollout = Start-TestRollout withimage
        New-TestImage v2 | Out-Null
        ($rollout | Start-Rollout -Image "$Prefix/app:v2").Image.Tag | Should -Be v2
    }

    It 'shows no value of -Env' {
        $secret = 'env-secret-77aa'
        $all = New-TestImage v1 | Start-Rollout "docker/$Prefix-env" -Port 8080 -Env @{ TOKEN = $secret } -Verbose *>&1 | Out-String
        $all | Should -Not -Match $secret
        docker ps --quiet --filter "name=^$Prefix-env-" | ForEach-Object { docker inspect --format '{{.Config.Env}}' $_ } | Should -Match $secret
    }

    It 'shows no value of -Env either where a failing container wrote it down' {
        $secret = 'env-secret-88bb'
        $leaky = New-TestImage leaky -Command '["/bin/busybox", "sh", "-c", "echo token $TOKEN; exit 3"]'
        $failure = Get-Failure { $leaky | Start-Rollout "docker/$Prefix-leaky" -Env @{ TOKEN = $secret } -ErrorAction Stop }
        "$failure" | Should -Match 'token \*\*\*'
        docker ps --all --quiet --filter "label=rollout.pwsh.name=$Prefix-leaky" | ForEach-Object { docker inspect --format '{{json .Config.Labels}}' $_ } | Should -Not -Match $secret
    }

    It 'shows no value of -Env either where a HEALTHCHECK quotes it' {
        $secret = 'env-secret-99cc'
        $context = New-TestContext "$TestDrive/quoting"
        Add-Content $context/Dockerfile 'HEALTHCHECK --interval=1s --retries=1 CMD ["/bin/busybox", "sh", "-c", "echo no entry with $TOKEN; exit 1"]'
        $quoting = New-RolloutImage $context -Tag "$Prefix/quoting:1"
        $failure = Get-Failure { $quoting | Start-Rollout "docker/$Prefix-quoting" -Env @{ TOKEN = $secret } -OnFailure Freeze -ErrorAction Stop }
        "$failure" | Should -Match 'no entry with \*\*\*'
        Get-Rollout "docker/$Prefix-quoting" | Test-RolloutHealth | ConvertTo-Json -Depth 9 | Should -Not -Match $secret
        docker ps --all --quiet --filter "label=rollout.pwsh.name=$Prefix-quoting" | ForEach-Object { docker inspect --format '{{json .Config.Labels}}' $_ } | Should -Not -Match $secret
    }

    It 'gives -Env numbers as PowerShell writes them, whatever the culture' {
        $before = [CultureInfo]::CurrentCulture
        [CultureInfo]::CurrentCulture = 'de-DE'
        try { New-TestImage v1 | Start-Rollout "docker/$Prefix-culture" -Port 8080 -Cpu '0.5' -Env @{ RATIO = 0.5; LIST = 1, 2.5 } | Out-Null } finally { [CultureInfo]::CurrentCulture = $before }
        $container = docker inspect "$Prefix-culture-1-1" | ConvertFrom-Json
        $container.Config.Env | Should -Contain 'RATIO=0.5'
        $container.Config.Env | Should -Contain 'LIST=1 2.5'
        $container.HostConfig.NanoCpus | Should -Be 500000000
    }

    It 'refuses a decimal comma and what is no number' -ForEach '0,5', 'half' {
        $given = $_
        $failure = Get-Failure { Start-Rollout "docker/$Prefix-comma" -Image "$Prefix/app:v1" -Cpu $given }
        $failure.FullyQualifiedErrorId | Should -BeLike 'InvalidNumber,*'
        "$failure" | Should -BeLike "-Cpu: '$given' is not a number*"
    }

    It 'asks its checks before it is Healthy' {
        $check = New-RolloutHealthCheck 'http://127.0.0.1:1/' -FailureLimit 1 -TimeoutSec 1
        $failure = Get-Failure { New-TestImage v1 | Start-Rollout "docker/$Prefix-checked" -Port 8080 -HealthCheck $check -ErrorAction Stop }
        $failure.FullyQualifiedErrorId | Should -BeLike 'RolloutFailed,*'
    }
}

Describe 'Get-Rollout' -Skip:$NoDocker {
    BeforeAll { $rollout = Start-TestRollout get }

    It 'shows one by its name' { (Get-Rollout $rollout.Target).Phase | Should -Be Healthy }
    It 'shows those that match a pattern' { (Get-Rollout "docker/$Prefix-g*").Target | Should -Be $rollout.Target }
    It 'lists all' { (Get-Rollout).Target | Should -Contain $rollout.Target }
    It 'shows only the phases wanted' { Get-Rollout $rollout.Target -Phase Failed | Should -BeNullOrEmpty }
    It 'says that one is not there' {
        $failure = Get-Failure { Get-Rollout "docker/$Prefix-none" -ErrorAction Stop }
        $failure.FullyQualifiedErrorId | Should -BeLike 'RolloutNotFound,*'
        $failure.CategoryInfo.Category | Should -Be ObjectNotFound
        $failure.TargetObject | Should -Be "docker/$Prefix-none"
    }
    It 'looks for a piped rollout on its own engine, however it came: <_>' -ForEach 'itself', 'clixml', 'json', 'job' {
        $there = $rollout
        $elsewhere = [Rollout.RolloutEndpoint]@{ DockerHost = 'tcp://127.0.0.1:1' }
        $other = New-TestStatus @{ Target = $there.Target; Kind = 'docker'; Name = $there.Name; Endpoint = $elsewhere }
        if ($_ -eq 'clixml') { $there, $other = $there, $other | ForEach-Object { $_ | Export-Clixml $TestDrive/one.xml; Import-Clixml $TestDrive/one.xml } }
        if ($_ -eq 'job') { $there, $other = $there, $other | ForEach-Object { $_ | Export-Clixml $TestDrive/one.xml -Depth 1; Import-Clixml $TestDrive/one.xml } }
        if ($_ -eq 'json') { $there, $other = $there, $other | ForEach-Object { $_ | ConvertTo-Json -Depth 9 | ConvertFrom-Json } }
        ($there | Get-Rollout).Phase | Should -Be Healthy
        (Get-Failure { $other | Get-Rollout -ErrorAction Stop }).FullyQualifiedErrorId | Should -BeLike 'DockerEngineNotReachable,*'
        (Get-Failure { $other | Undo-Rollout -Force -ErrorAction Stop }).FullyQualifiedErrorId | Should -BeLike 'DockerEngineNotReachable,*'
        ($there | Wait-Rollout).Target | Should -Be $there.Target
        ($there | Get-RolloutHistory).Count | Should -BeGreaterThan 0
        (Get-Failure { $other | Wait-Rollout -ErrorAction Stop }).FullyQualifiedErrorId | Should -BeLike 'DockerEngineNotReachable,*'
        (Get-Failure { $other | Stop-Rollout -ErrorAction Stop }).FullyQualifiedErrorId | Should -BeLike 'DockerEngineNotReachable,*'
    }

    It 'lists nothing, without an error, where no engine is and none was named' {
        Invoke-Fresh 'Import-Module $Staged; @(Get-Rollout).Count' @{ DOCKER_HOST = "unix://$TestDrive/none.sock" } | Should -Be 0
    }
    It 'is an error where an engine was named that is not there' {
        (Get-Failure { Get-Rollout -DockerHost "unix://$TestDrive/none.sock" -ErrorAction Stop }).CategoryInfo.Category | Should -Be ConnectionError
    }
    It 'completes targets' {
        [System.Management.Automation.CommandCompletion]::CompleteInput("Get-Rollout docker/$Prefix-g", 20 + $Prefix.Length, $null).CompletionMatches.CompletionText |
            Should -Contain $rollout.Target
    }
}

Describe 'Undo-Rollout' -Skip:$NoDocker {
    BeforeAll {
        Start-TestRollout undo | Out-Null
        $rollout = New-TestImage v2 | Start-Rollout "docker/$Prefix-undo"
    }

    It 'refuses to undo a healthy rollout where nobody can be asked' {
        $failure = Get-Failure { $rollout | Undo-Rollout -ErrorAction Stop }
        $failure.FullyQualifiedErrorId | Should -BeLike 'UndoHealthyNeedsForce,*'
        (Get-Rollout $rollout.Target).Image.Tag | Should -Be v2
    }

    It 'passes a healthy one through unchanged with -IfUnhealthy' {
        $same = $rollout | Undo-Rollout -IfUnhealthy
        [object]::ReferenceEquals($same, $rollout) | Should -BeTrue
    }

    It 'undoes with -Force, and starts what was kept' {
        $undone = $rollout | Undo-Rollout -Force
        $undone.Phase | Should -Be Undone
        $undone.Image.Tag | Should -Be v1
        docker ps --format '{{.Image}}' --filter "name=^$Prefix-undo-" | Should -Be "$Prefix/app:v1"
    }

    It 'goes to a revision of the history, which names its workload' {
        $back = Get-RolloutHistory $rollout.Target | Where-Object Revision -EQ 2 | Undo-Rollout -Confirm:$false
        $back.Image.Tag | Should -Be v2
    }

    It 'takes a revision''s number as a prompt, a CSV file or JSON has it' -ForEach '1', 1L {
        Undo-Rollout $rollout.Target -ToRevision $_ -Force -WhatIf
        (Get-Rollout $rollout.Target).Revision | Should -Be 2
    }

    It 'leaves what was undone already, whatever is found of what runs now, and asks before it goes back further' {
        $there = Get-Rollout $rollout.Target
        $there.Phase | Should -Be Undone
        $health = $there | Test-RolloutHealth -Uri http://127.0.0.1:1/ -FailureLimit 1 -TimeoutSec 1
        $health.Verdict | Should -Be Unhealthy
        $same = $health | Undo-Rollout -IfUnhealthy
        [object]::ReferenceEquals($same, $health.Rollout) | Should -BeTrue
        (Get-Failure { $there | Undo-Rollout -ErrorAction Stop }).FullyQualifiedErrorId | Should -BeLike 'UndoHealthyNeedsForce,*'
    }

    It 'undoes what Test-RolloutHealth found unhealthy, without asking' {
        $undone = New-TestImage v2 | Start-Rollout $rollout.Target | Test-RolloutHealth -Uri http://127.0.0.1:1/ -FailureLimit 1 -TimeoutSec 1 | Undo-Rollout -IfUnhealthy
        $undone.Image.Tag | Should -Be v1
    }

    It 'does not undo what another rolled out since, for what was found before' {
        $bad = New-TestImage v2 | Start-Rollout $rollout.Target | Test-RolloutHealth -Uri http://127.0.0.1:1/ -FailureLimit 1 -TimeoutSec 1
        $fix = New-TestImage v3 | Start-Rollout $rollout.Target
        $kept = $bad | Undo-Rollout -IfUnhealthy -WarningVariable told -WarningAction SilentlyContinue
        $kept.Phase, $kept.Image.Tag, $kept.Revision | Should -Be Healthy, v3, $fix.Revision
        "$told" | Should -BeLike "*revision $($fix.Revision)*"
        (Get-RolloutHistory $rollout.Target)[0].Verdict | Should -Be Healthy
        (Get-Failure { $bad | Undo-Rollout -ErrorAction Stop -WarningAction SilentlyContinue }).FullyQualifiedErrorId | Should -BeLike 'UndoHealthyNeedsForce,*'
    }
}

Describe 'Get-RolloutHistory' -Skip:$NoDocker {
    It 'lists the revisions, newest first, and marks the present one' {
        Start-TestRollout history | Out-Null
        New-TestImage v2 | Start-Rollout "docker/$Prefix-history" -ChangeCause 'for the test' | Out-Null
        $history = Get-Rollout "docker/$Prefix-history" | Get-RolloutHistory
        $history.Revision | Should -Be 2, 1
        $history.Current | Should -Be $true, $false
        $history[0].ChangeCause | Should -Be 'for the test'
    }
}

Describe 'Wait-Rollout and Watch-Rollout' -Skip:$NoDocker {
    BeforeAll { $rollout = Start-TestRollout wait }

    It 'waits until it is Healthy' { ($rollout | Wait-Rollout).Phase | Should -Be Healthy }
    It 'emits it, and then the error, where it ends otherwise' {
        $failure = $null
        $last = try { $rollout | Wait-Rollout -Phase Failed -ErrorVariable failure -ErrorAction SilentlyContinue } catch { $_ }
        $last.Phase | Should -Be Healthy
        $failure.FullyQualifiedErrorId | Should -BeLike 'RolloutPhaseNotReached,*'
    }
    It 'watches until a phase is reached' { @($rollout | Watch-Rollout -Phase Healthy)[-1].Phase | Should -Be Healthy }
    It 'ends a watch after -TimeoutSec, without an error' { @($rollout | Watch-Rollout -TimeoutSec 1)[0].Phase | Should -Be Healthy }
}

Describe 'Resume-Rollout' -Skip:$NoDocker {
    It 'mends a rollout whose container is gone' {
        $rollout = Start-TestRollout resume
        docker ps --quiet --filter "name=^$Prefix-resume-" | ForEach-Object { docker rm --force $_ } | Out-Null
        (Get-Rollout $rollout.Target).Phase | Should -Be Degraded
        (Get-Rollout $rollout.Target | Resume-Rollout).Phase | Should -Be Healthy
        docker ps --quiet --filter "name=^$Prefix-resume-" | Should -Not -BeNullOrEmpty
    }
}

Describe 'Restart-Rollout, Stop-Rollout and Suspend-Rollout' -Skip:$NoDocker {
    BeforeAll { $target = (Start-TestRollout commands).Target }

    It 'replaces the containers by others of the same image' {
        $before = docker ps --quiet --filter "name=^$Prefix-commands-"
        $again = Restart-Rollout $target
        $again.Phase | Should -Be Healthy
        $again.Succeeded | Should -BeTrue
        $again.Image.Tag | Should -Be v1
        $after = docker ps --quiet --filter "name=^$Prefix-commands-"
        $after | Should -HaveCount @($before).Count
        $after | Should -Not -Be $before
    }

    It 'takes back what failed and was left, which is what was asked for' {
        $left = New-TestImage broken -Command $Broken | Start-Rollout $target -OnFailure Freeze -ErrorAction SilentlyContinue
        $left.Phase | Should -Be Failed
        $left.Succeeded | Should -BeFalse
        $back = Stop-Rollout $target
        $back.Phase | Should -Be Undone
        $back.Succeeded | Should -BeTrue
        $back.Image.Tag | Should -Be v1
    }

    It 'says so where nothing is under way' {
        (Get-Failure { Stop-Rollout $target }).FullyQualifiedErrorId | Should -BeLike 'NothingToStop,*'
        (Get-Failure { Suspend-Rollout $target }).FullyQualifiedErrorId | Should -BeLike 'NothingToSuspend,*'
    }

    It 'takes a target as text, and refuses one that is none' {
        (Get-RolloutHistory $target | Select-Object -First 1).Target | Should -Be $target
        (Get-Failure { Restart-Rollout nothing/x }).FullyQualifiedErrorId | Should -BeLike 'InvalidTarget,*'
        (Get-Failure { New-TestImage v1 | Restart-Rollout }).FullyQualifiedErrorId | Should -BeLike 'TargetMissing,*'
    }
}

Describe 'Test-RolloutHealth' -Skip:$NoDocker {
    BeforeAll { $rollout = Start-TestRollout health }

    It 'looks at the containers where no check is given' {
        $health = $rollout | Test-RolloutHealth
        $health.Verdict | Should -Be Healthy
        $health.Checks.Kind | Should -Be Container
    }
    It 'is Unhealthy, and no error, where the address does not answer' {
        ($rollout | Test-RolloutHealth -Uri http://127.0.0.1:1/ -FailureLimit 1 -TimeoutSec 1 -ErrorAction Stop).Verdict | Should -Be Unhealthy
    }
    It 'says only yes or no with -Quiet' { $rollout | Test-RolloutHealth -Quiet | Should -BeTrue }
    It 'makes the checks given' {
        $checks = (New-RolloutHealthCheck -Container -Name mine), (New-RolloutHealthCheck http://127.0.0.1:1/ -FailureLimit 1 -TimeoutSec 1 -Name other)
        ($rollout | Test-RolloutHealth -Check $checks).Checks.Verdict | Should -Be Healthy, Unhealthy
    }
    It 'refuses a duration that PowerShell has turned into a number' {
        (Get-Failure { $rollout | Test-RolloutHealth -For 5s }).Exception.Message | Should -BeLike '*quote it*'
    }
    It 'finds a failed rollout Unhealthy without probing' {
        $failed = New-TestStatus @{ Phase = 'Failed'; Endpoint = $rollout.Endpoint }
        ($failed | Test-RolloutHealth -Uri http://127.0.0.1:1/).Verdict | Should -Be Unhealthy
    }
}
