# The cmdlets on a cluster: the in-process one of the engine's tests, and the real one that ROLLOUT_TEST_KUBECONFIG names.
BeforeDiscovery {
    . $PSScriptRoot/TestCluster.ps1
    $Clusters = @(if (Get-TestClusterProgram) { 'in-process' }) + @(if ($env:ROLLOUT_TEST_KUBECONFIG) { 'real' })
    $NoCluster = -not $Clusters
    $NoTwo = 'in-process' -notin $Clusters
}

BeforeAll {
    . $PSScriptRoot/TestSetup.ps1
    . $PSScriptRoot/TestCluster.ps1

    # No registry is there to be asked for the images, which is a warning.
    $PSDefaultParameterValues['Start-Rollout:WarningAction'] = 'Ignore'

    function Get-Generation([string] $Name, [string] $Kind = 'deployment') {
        (Invoke-TestCluster $cluster GET "/apis/apps/v1/namespaces/$space/${Kind}s/$Name").metadata.generation
    }

    function Edit-Workload([string] $Name, $Body, [string] $Kind = 'deployment') {
        Invoke-TestCluster $cluster PATCH "/apis/apps/v1/namespaces/$space/${Kind}s/$Name" $Body | Out-Null
    }
}

Describe 'On the <_> cluster' -Skip:$NoCluster -ForEach $Clusters {
    BeforeAll {
        $cluster = Start-TestCluster $_
        $space = "pester-$([guid]::NewGuid().ToString('N').Substring(0, 8))"
        Invoke-TestCluster $cluster POST /api/v1/namespaces @{ metadata = @{ name = $space } } | Out-Null
        $at = @{ Namespace = $space; Kubeconfig = $cluster.Kubeconfig }
    }

    AfterAll {
        Invoke-TestCluster $cluster DELETE "/api/v1/namespaces/$space" | Out-Null
        Stop-TestCluster $cluster
    }

    Context 'Get-Rollout' {
        BeforeAll {
            New-TestWorkload $cluster web $space -Metadata @{ labels = @{ team = 'a' } }
            New-TestWorkload $cluster store $space -Kind statefulset
            New-TestWorkload $cluster agent $space -Kind daemonset
        }

        It 'shows a workload that Rollout never touched' {
            $web = Get-Rollout deployment/web @at
            $web.Phase | Should -Be Healthy
            $web.Platform | Should -Be Kubernetes
            $web.Namespace | Should -Be $space
            $web.Image.Tag | Should -Be v1
            $web.Endpoint.Kubeconfig | Should -Be $cluster.Kubeconfig
            $web.Endpoint.Server | Should -BeLike 'https://*'
        }

        It 'lists those of a namespace, of every kind, by pattern, label and phase' {
            (Get-Rollout @at).Target | Sort-Object | Should -Be daemonset/agent, deployment/web, statefulset/store
            (Get-Rollout 'd*' @at).Target | Sort-Object | Should -Be daemonset/agent, deployment/web
            (Get-Rollout -Selector team=a @at).Target | Should -Be deployment/web
            Get-Rollout -Phase Failed @at | Should -BeNullOrEmpty
            (Get-Rollout -AllNamespaces -Kubeconfig $cluster.Kubeconfig | Where-Object Namespace -eq $space) | Should -HaveCount 3
        }

        It 'looks for a name among those with a label, and in every namespace' {
            (Get-Rollout deploy/web -Selector team=a @at).Target | Should -Be deployment/web
            { Get-Rollout deployment/web -Selector team=b @at -ErrorAction Stop } | Should -Throw -ErrorId 'RolloutNotFound*' -ExpectedMessage "*with the labels 'team=b'*"
            (Get-Rollout deployment/web -AllNamespaces -Kubeconfig $cluster.Kubeconfig).Namespace | Should -Contain $space
        }

        It 'finds a relative KUBECONFIG from the present location, as a program started there does' {
            $before = $env:KUBECONFIG
            try {
                Push-Location (Split-Path $cluster.Kubeconfig)
                $env:KUBECONFIG = "./$(Split-Path $cluster.Kubeconfig -Leaf)"
                (Get-Rollout deployment/web -Namespace $space).Endpoint.Kubeconfig | Should -Be $cluster.Kubeconfig
            } finally {
                Pop-Location
                $env:KUBECONFIG = $before
            }
        }

        It 'takes short kinds' { (Get-Rollout sts/store, ds/agent @at).Kind | Sort-Object | Should -Be daemonset, statefulset }

        It 'says which is not there, and shows the others' {
            $errors = @()
            $found = Get-Rollout deployment/web, deployment/none @at -ErrorAction SilentlyContinue -ErrorVariable errors
            $found.Target | Should -Be deployment/web
            $errors | Should -HaveCount 1
            $errors[0].FullyQualifiedErrorId | Should -BeLike 'RolloutNotFound,*'
        }

        It 'completes targets, namespaces and contexts' {
            $line = "Get-Rollout -Kubeconfig $($cluster.Kubeconfig) -Namespace $space deploy"
            (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Contain deployment/web
            $line = "Get-Rollout -Kubeconfig $($cluster.Kubeconfig) -Namespace $($space.Substring(0, 10))"
            (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Contain $space
            $line = "Get-Rollout -Kubeconfig $($cluster.Kubeconfig) -Context "
            (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Contain $cluster.Context
        }
    }

    Context 'Start-Rollout' {
        It 'sets the image of a <_> and follows it to its end' -ForEach deployment, statefulset, daemonset {
            New-TestWorkload $cluster "start-$_" $space -Kind $_
            $rollout = Start-Rollout "$_/start-$_" -Image 127.0.0.1:1/app:v2 -ChangeCause 'a reason' @at
            $rollout.Phase | Should -Be Healthy
            $rollout.Succeeded | Should -BeTrue
            $rollout.Image.Tag | Should -Be v2
            $rollout.PreviousImage.Tag | Should -Be v1
            $history = Get-RolloutHistory "$_/start-$_" @at
            $history[0].Current | Should -BeTrue
            $history[0].Verdict | Should -Be Healthy
            $history[0].Image.Tag | Should -Be v2
            $history[0].Namespace | Should -Be $space
        }

        It 'takes an object whose target, namespace and context it carries, and an explicit image' {
            New-TestWorkload $cluster carried $space
            $rollout = Get-Rollout deployment/carried @at | Start-Rollout -Image 127.0.0.1:1/app:v2
            $rollout.Target | Should -Be deployment/carried
            $rollout.Image.Tag | Should -Be v2
        }

        It 'undoes what fails, emits it, and then its error; the next row goes on' {
            'fails', 'works' | ForEach-Object { New-TestWorkload $cluster $_ $space }
            $rows = @(
                [pscustomobject]@{ Target = 'deployment/fails'; Namespace = $space; Context = ''; Container = ''; Image = '127.0.0.1:1/app:bad' }
                [pscustomobject]@{ Target = 'deployment/gone'; Namespace = $space; Context = ''; Container = ''; Image = '127.0.0.1:1/app:v2' }
                [pscustomobject]@{ Target = 'deployment/works'; Namespace = $space; Context = $cluster.Context; Container = 'main'; Image = '127.0.0.1:1/app:v2' }
            )
            $errors = @()
            $rollouts = $rows | Start-Rollout -Kubeconfig $cluster.Kubeconfig -ErrorAction SilentlyContinue -ErrorVariable errors
            $rollouts | Where-Object Target -eq deployment/works | Select-Object -ExpandProperty Phase | Should -Be Healthy
            $failed = $rollouts | Where-Object Target -eq deployment/fails
            $failed.Phase | Should -Be Undone
            $failed.Succeeded | Should -BeFalse
            $failed.Reason | Should -Match 'ImagePull'
            $errors.FullyQualifiedErrorId -replace ',.*' | Sort-Object | Should -Be RolloutFailed, WorkloadNotFound
            (Get-Rollout deployment/fails @at).Image.Tag | Should -Be v1
        }

        It 'works on several rows of one target one after another, in their order' {
            New-TestWorkload $cluster rows $space
            $rows = 'v2', 'v3', 'v4' | ForEach-Object { [pscustomobject]@{ Target = 'deployment/rows'; Image = "127.0.0.1:1/app:$_" } }
            $rollouts = $rows | Start-Rollout @at -ThrottleLimit 8
            $rollouts.Image.Tag | Should -Be v2, v3, v4
            $rollouts.Phase | Sort-Object -Unique | Should -Be Healthy
            (Get-RolloutHistory deployment/rows @at).Image.Tag | Should -Be v4, v3, v2, v1
        }

        It 'names the containers where it is not clear which one is meant, and takes the one named' {
            New-TestWorkload $cluster several $space -Containers main, sidecar
            $failure = Get-Failure { Start-Rollout deployment/several -Image 127.0.0.1:1/app:v2 @at }
            $failure.FullyQualifiedErrorId | Should -BeLike 'WorkloadContainerNotChosen,*'
            $failure.Exception.Message | Should -BeLike '*main, sidecar*'
            $failure = Get-Failure { Start-Rollout deployment/several -Image 127.0.0.1:1/app:v2 -Container none @at }
            $failure.FullyQualifiedErrorId | Should -BeLike 'WorkloadContainerNotFound,*'
            Get-Generation several | Should -Be 1
            (Start-Rollout deployment/several -Image 127.0.0.1:1/app:v2 -Container sidecar @at).Image.Tag | Should -Be v2
        }

        It 'refuses room that a StatefulSet has not' {
            New-TestWorkload $cluster ordered $space -Kind statefulset
            $failure = Get-Failure { Start-Rollout statefulset/ordered -Image 127.0.0.1:1/app:v2 -MaxSurge 1 @at }
            $failure.FullyQualifiedErrorId | Should -BeLike 'WorkloadRoomNotSupported,*'
            $failure.Exception.Message | Should -BeLike '*-MaxSurge*'
            Get-Generation ordered statefulset | Should -Be 1
        }

        It 'does not wait with -NoWait, and Wait-Rollout does' {
            New-TestWorkload $cluster nowait $space
            $begun = Start-Rollout deployment/nowait -Image 127.0.0.1:1/app:slow2 -NoWait @at
            $begun.Phase | Should -Be Progressing
            ($begun | Wait-Rollout).Phase | Should -Be Healthy
        }

        It 'is no success with the image that somebody else put over it' {
            New-TestWorkload $cluster taken $space
            $begun = Start-Rollout deployment/taken -Image 127.0.0.1:1/app:slow2 -NoWait @at
            Edit-Workload taken @{ spec = @{ template = @{ spec = @{ containers = @(@{ name = 'main'; image = 'app:v9' }) } } } }
            $failure = Get-Failure { $begun | Wait-Rollout -OutVariable ended }
            $failure.FullyQualifiedErrorId | Should -BeLike 'RolloutPhaseNotReached,*'
            $failure.TargetObject.Reason | Should -Be Superseded
            ($begun | Watch-Rollout -Phase Healthy, Failed -TimeoutSec 30)[-1].Reason | Should -Be Superseded
            (Wait-Rollout deployment/taken @at).Image.Tag | Should -Be v9
        }

        It 'refuses what a GitOps controller would take back, unless -Force' {
            New-TestWorkload $cluster owned $space -Metadata @{ annotations = @{ 'argocd.argoproj.io/tracking-id' = "shop:apps/Deployment:$space/owned" } }
            $failure = Get-Failure { Start-Rollout deployment/owned -Image 127.0.0.1:1/app:v2 @at }
            $failure.FullyQualifiedErrorId | Should -BeLike 'OwnedByGitOps,*'
            $failure.Exception.Message | Should -BeLike "*Argo CD*'shop'*"
            (Start-Rollout deployment/owned -Image 127.0.0.1:1/app:v2 -Force @at).Phase | Should -Be Healthy
        }
    }

    Context 'Import-Csv | Start-Rollout' {
        BeforeAll {
            # Rows of a file that was written as a user would.
            function Import-Row([string] $Text) {
                Set-Content "$TestDrive/rows.csv" $Text
                Import-Csv "$TestDrive/rows.csv"
            }
        }

        It 'rolls each row out in its own way, an empty cell being absent, and nothing of it left for the next row' {
            'csv-steps', 'csv-empty', 'csv-long' | ForEach-Object { New-TestWorkload $cluster $_ $space -Replicas 4 }
            $rollouts = Import-Row @"
Target,Image,Strategy,Step,MaxSurge,OnFailure,GraceRestarts,GraceSec,TimeoutSec,ChangeCause
deployment/csv-steps,127.0.0.1:1/app:v2,canary,"25%,pause,50%",,,3,20,900,from the file
deployment/csv-empty,127.0.0.1:1/app:v2,,,,,,,,
deployment/csv-long,127.0.0.1:1/app:bad,,,50%,Freeze,,,300,
"@ | Start-Rollout @at -ErrorAction SilentlyContinue
            $steps, $empty, $long = 'csv-steps', 'csv-empty', 'csv-long' | ForEach-Object { $rollouts | Where-Object Name -eq $_ }
            $steps.Phase, $steps.Strategy, $steps.Step | Should -Be Paused, Canary, '2 of 3: pause'
            $empty.Phase, $empty.Strategy, $empty.Step | Should -Be Healthy, Rolling, $null
            $long.Phase | Should -Be Failed
            $records = 'csv-steps', 'csv-empty', 'csv-long' | ForEach-Object {
                (Invoke-TestCluster $cluster GET "/apis/apps/v1/namespaces/$space/deployments/$_").metadata.annotations.'rollout.pwsh/rollout' | ConvertFrom-Json
            }
            $records[0].timeoutSec, $records[2].timeoutSec | Should -Be 900, 300
            (Get-RolloutHistory deployment/csv-empty @at)[0].ChangeCause | Should -Not -Match 'from the file'
            ($steps | Resume-Rollout -Full).Phase | Should -Be Healthy
            (Get-RolloutHistory deployment/csv-steps @at)[0].ChangeCause | Should -Be 'from the file'
        }

        It 'takes what stands on the command line for every row' {
            New-TestWorkload $cluster csv-named $space -Replicas 4
            $held = Import-Row "Target,Image,Strategy,Step`ndeployment/csv-named,127.0.0.1:1/app:v2,Rolling," | Start-Rollout -Strategy Canary -Step '50%,pause' @at
            $held.Strategy, $held.Step | Should -Be Canary, '2 of 2: pause'
        }

        It 'refuses the row of <Cell> in <Column>, and goes on with the others' -ForEach @(
            @{ Column = 'Strategy'; Cell = 'Cnary'; Id = 'InvalidChoice' }
            @{ Column = 'Strategy'; Cell = '1'; Id = 'InvalidChoice' }
            @{ Column = 'Step'; Cell = '5%,soon'; Id = 'InvalidStep' }
            @{ Column = 'ScaleDownDelay'; Cell = 'later'; Id = 'InvalidDuration' }
            @{ Column = 'OnFailure'; Cell = 'Undo,Freeze'; Id = 'InvalidChoice' }
            @{ Column = 'GraceRestarts'; Cell = '2.7'; Id = 'InvalidNumber' }
            @{ Column = 'GraceSec'; Cell = 'many'; Id = 'InvalidNumber' }
            @{ Column = 'TimeoutSec'; Cell = '0'; Id = 'InvalidNumber' }
            @{ Column = 'AutoPromote'; Cell = 'maybe'; Id = 'ParameterArgumentTransformationError' }
            @{ Column = 'ChangeCause'; Cell = 'a long text'; Id = 'ChangeCauseTooLong' }
        ) {
            $name = "csv-$Column-$($Cell.Length)".ToLowerInvariant()
            if ($Column -eq 'ChangeCause') { $Cell *= 100 }
            New-TestWorkload $cluster "$name-bad" $space
            New-TestWorkload $cluster "$name-good" $space
            $errors = @()
            $rollouts = Import-Row "Target,Image,$Column`ndeployment/$name-bad,127.0.0.1:1/app:v2,`"$Cell`"`ndeployment/$name-good,127.0.0.1:1/app:v2," |
                Start-Rollout @at -ErrorAction SilentlyContinue -ErrorVariable errors
            $rollouts.Target, $rollouts.Phase | Should -Be "deployment/$name-good", Healthy
            $errors | Should -HaveCount 1
            $errors[0].FullyQualifiedErrorId | Should -BeLike "$Id,*"
            if ($Id -ne 'ParameterArgumentTransformationError') {
                "$($errors[0])" | Should -BeLike "*deployment/$name-bad*"
                $errors[0].ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
            }
            Get-Generation "$name-bad" | Should -Be 1
        }

        It 'breaks off nothing that is in flight for a bad cell under -ErrorAction Stop' {
            New-TestWorkload $cluster csv-flight $space
            New-TestWorkload $cluster csv-cell $space
            $rows = Import-Row "Target,Image,Strategy,Step`ndeployment/csv-flight,127.0.0.1:1/app:slow2,,`ndeployment/csv-cell,127.0.0.1:1/app:v2,Cnary,5x"
            $seen = [Collections.Generic.List[object]]::new()
            $failure = Get-Failure { $rows | Start-Rollout @at -ErrorAction Stop | ForEach-Object { $seen.Add($_) } }
            $failure.FullyQualifiedErrorId | Should -BeLike 'InvalidChoice,*'
            $seen.Target, $seen.Phase | Should -Be deployment/csv-flight, Healthy
        }

        It 'counts the row of a bad cell for -MaxFailures' {
            New-TestWorkload $cluster csv-count $space
            $errors = @()
            Import-Row "Target,Image,GraceSec`ndeployment/csv-count,127.0.0.1:1/app:v2,many`ndeployment/csv-count,127.0.0.1:1/app:v2," |
                Start-Rollout @at -MaxFailures 1 -ErrorAction SilentlyContinue -ErrorVariable errors | Should -BeNullOrEmpty
            $errors.FullyQualifiedErrorId -replace ',.*' | Should -Be InvalidNumber, RolloutNotStarted
        }

        It 'takes neither strategy nor steps of a piped rollout for the new one: <_>' -ForEach 'itself', 'clixml', 'json' {
            $name = "piped-$_"
            New-TestWorkload $cluster $name $space -Replicas 4
            $held = Start-Rollout deployment/$name -Image 127.0.0.1:1/app:v2 -Strategy Canary -Step '25%,pause' -ChangeCause 'the first' @at
            $held.Strategy, $held.Step | Should -Be Canary, '2 of 2: pause'
            $held | Resume-Rollout | Out-Null
            if ($_ -eq 'clixml') { $held | Export-Clixml $TestDrive/held.xml; $held = Import-Clixml $TestDrive/held.xml }
            if ($_ -eq 'json') { $held = $held | ConvertTo-Json -Depth 9 | ConvertFrom-Json }
            # Without -Kubeconfig: it says where it lives.
            $next = $held | Start-Rollout -Image 127.0.0.1:1/app:v3
            $next.Phase, $next.Strategy, $next.Step | Should -Be Healthy, Rolling, $null
            $next.Image.Tag | Should -Be v3
            ($held | Start-Rollout -Image 127.0.0.1:1/app:v4 -Strategy Canary -Step '50%,pause').Step | Should -Be '2 of 2: pause'
        }

        It 'rolls a piped revision out where it lives, for no reason of before' {
            New-TestWorkload $cluster piped-revision $space
            Start-Rollout deployment/piped-revision -Image 127.0.0.1:1/app:v2 -ChangeCause 'the first' @at | Out-Null
            Start-Rollout deployment/piped-revision -Image 127.0.0.1:1/app:v3 @at | Out-Null
            $again = Get-RolloutHistory deployment/piped-revision @at | Where-Object ChangeCause -eq 'the first' | Start-Rollout
            $again.Image.Tag | Should -Be v2
            (Get-RolloutHistory deployment/piped-revision @at | Where-Object Current).ChangeCause | Should -Not -Match 'the first'
        }
    }

    Context '-WhatIf' {
        BeforeAll {
            New-TestWorkload $cluster whatif $space
            Start-Rollout deployment/whatif -Image 127.0.0.1:1/app:v2 @at | Out-Null

            # What is said goes to the host alone: so to another PowerShell's output.
            function Get-WhatIf([string] $Command) {
                (Invoke-Fresh "Import-Module `$Staged; $Command -Namespace $space -Kubeconfig '$($cluster.Kubeconfig)' -WhatIf") -join "`n"
            }
        }

        It 'of <Command> says what the server would change, and changes nothing' -ForEach @(
            @{ Command = 'Start-Rollout deployment/whatif -Image 127.0.0.1:1/app:v3'; Says = '*spec.containers?main?.image: *app:v2 -> *app:v3*' }
            @{ Command = 'Undo-Rollout deployment/whatif'; Says = '*spec.containers?main?.image: *app:v2 -> *app:v1*' }
            @{ Command = 'Restart-Rollout deployment/whatif'; Says = '*kubectl.kubernetes.io/restartedAt*' }
            @{ Command = 'Suspend-Rollout deployment/whatif'; Says = '*Pause*' }
            @{ Command = 'Resume-Rollout deployment/whatif'; Says = '*Carry on*' }
        ) {
            $before = Get-Generation whatif
            Get-WhatIf $Command | Should -BeLike $Says
            Get-Generation whatif | Should -Be $before
        }
    }

    Context 'Undo-Rollout' {
        It 'takes a target as text, and asks about one that is Healthy' {
            New-TestWorkload $cluster undo $space
            Start-Rollout deployment/undo -Image 127.0.0.1:1/app:v2 @at | Out-Null
            $failure = Get-Failure { Invoke-Fresh "Import-Module `$Staged; Undo-Rollout deployment/undo -Namespace $space -Kubeconfig '$($cluster.Kubeconfig)'" }
            "$failure" | Should -BeLike '*is Healthy, and this host cannot ask*'
            $undone = Undo-Rollout deployment/undo -Force @at
            $undone.Phase | Should -Be Undone
            $undone.Succeeded | Should -BeTrue
            $undone.Image.Tag | Should -Be v1
        }

        It 'takes what Test-RolloutHealth found, and a revision, each with its place' {
            New-TestWorkload $cluster judged $space
            Start-Rollout deployment/judged -Image 127.0.0.1:1/app:v2 @at | Out-Null
            $health = Get-Rollout deployment/judged @at | Test-RolloutHealth -Kubeconfig $cluster.Kubeconfig
            $health.Verdict | Should -Be Healthy
            ($health | Undo-Rollout -IfUnhealthy).Phase | Should -Be Healthy
            $first = Get-RolloutHistory deployment/judged @at | Where-Object Revision -eq 1
            ($first | Undo-Rollout -Force).Image.Tag | Should -Be v1
            New-TestWorkload $cluster other $space
            (Get-Failure { Undo-Rollout deployment/other -ToRevision $first -Force @at }).FullyQualifiedErrorId | Should -BeLike 'RevisionOfAnother,*'
        }

        It 'passes through what was undone already' {
            New-TestWorkload $cluster twice $space
            $failed = Start-Rollout deployment/twice -Image 127.0.0.1:1/app:bad @at -ErrorAction SilentlyContinue
            $failed.Phase | Should -Be Undone
            $before = Get-Generation twice
            ($failed | Undo-Rollout -IfUnhealthy).Phase | Should -Be Undone
            Get-Generation twice | Should -Be $before
        }
    }

    Context 'Suspend, Resume, Stop and Restart' {
        It 'hold a Deployment and let it go on' {
            New-TestWorkload $cluster held $space
            Start-Rollout deployment/held -Image 127.0.0.1:1/app:slow2 -NoWait @at | Out-Null
            $held = Suspend-Rollout deployment/held @at
            $held.Phase | Should -Be Paused
            (Wait-Rollout deployment/held -Phase Paused @at).Phase | Should -Be Paused
            $resumed = Resume-Rollout deployment/held @at
            $resumed.Phase | Should -Be Healthy
            $resumed.Image.Tag | Should -Be slow2
        }

        It 'take a canary along its steps' {
            New-TestWorkload $cluster canary $space -Replicas 4
            $held = Start-Rollout deployment/canary -Image 127.0.0.1:1/app:v2 -Strategy Canary -Step '25%,pause,50%' @at
            $held.Phase | Should -Be Paused
            $held.Step | Should -Be '2 of 3: pause'
            (Get-Rollout deployment/canary @at).Updated | Should -Be 1
            ($held | Test-RolloutHealth | Undo-Rollout -IfUnhealthy).Phase | Should -Be Paused
            $done = $held | Resume-Rollout
            $done.Phase | Should -Be Healthy
            $done.Strategy | Should -Be Canary
            (Get-Rollout 'deployment/canary*' @at) | Should -HaveCount 1
        }

        It 'take a <_> along its steps, Pod by Pod in its place' -ForEach statefulset, daemonset {
            $name = "in-place-$_"
            New-TestWorkload $cluster $name $space -Kind $_ -Replicas 3
            $held = Start-Rollout $_/$name -Image 127.0.0.1:1/app:v2 -Strategy Canary -Step '34%,pause,67%,pause' @at
            $held.Step | Should -Be '2 of 4: pause'
            $held.Updated | Should -Be 1
            (Get-Rollout $_/$name @at | Resume-Rollout).Updated | Should -Be 2
            (Suspend-Rollout $_/$name @at).Reason | Should -Be Suspended
            $stopped = Get-Rollout $_/$name @at | Stop-Rollout
            $stopped.Phase | Should -Be Undone
            $stopped.Image.Tag | Should -Be v1
            $done = Start-Rollout $_/$name -Image 127.0.0.1:1/app:v3 -Strategy Canary -Step '34%,check' @at
            $done.Phase | Should -Be Healthy
            (Invoke-TestCluster $cluster GET "/apis/apps/v1/namespaces/$space/${_}s/$name").spec.updateStrategy.type | Should -Be RollingUpdate
            (Get-Failure { Start-Rollout $_/$name -Image 127.0.0.1:1/app:v4 -Strategy BlueGreen @at }).FullyQualifiedErrorId | Should -BeLike 'StrategyNotSupported,*'
        }

        It 'say before the first step what would drop requests' {
            New-TestWorkload $cluster lossy $space -Replicas 1
            Edit-Workload lossy @{ spec = @{ strategy = @{ rollingUpdate = @{ maxSurge = 0; maxUnavailable = 1 } }; template = @{ spec = @{ containers = @(@{ name = 'main'; image = '127.0.0.1:1/app:v1' }) } } } }
            Start-Rollout deployment/lossy -Image 127.0.0.1:1/app:v2 @at -WhatIf -WarningVariable warnings -WarningAction SilentlyContinue
            "$warnings" | Should -BeLike '*no readinessProbe*for a while none serves*'
        }

        It 'switch a Service to the new and back' {
            New-TestWorkload $cluster green $space
            Invoke-TestCluster $cluster POST "/api/v1/namespaces/$space/services" @{ apiVersion = 'v1'; kind = 'Service'; metadata = @{ name = 'green' }; spec = @{ selector = @{ app = 'green' }; ports = @(@{ port = 80 }) } } | Out-Null
            $held = Start-Rollout deployment/green -Image 127.0.0.1:1/app:v2 -Strategy BlueGreen -Router Service @at
            $held.Step | Should -Be '2 of 3: pause'
            ($held | Stop-Rollout).Phase | Should -Be Undone
            $done = Start-Rollout deployment/green -Image 127.0.0.1:1/app:v3 -Strategy BlueGreen -AutoPromote @at
            $done.Phase | Should -Be Healthy
            (Invoke-TestCluster $cluster GET "/api/v1/namespaces/$space/services/green").spec.selector.app | Should -Be green
        }

        It 'send the requests with a header to the new, and nothing of it is left' {
            # A real one serves such a kind only where somebody installed it.
            if (-not $cluster.Process) { Set-ItResult -Skipped; return }
            New-TestWorkload $cluster asked $space
            Invoke-TestCluster $cluster POST "/api/v1/namespaces/$space/services" @{ apiVersion = 'v1'; kind = 'Service'; metadata = @{ name = 'asked' }; spec = @{ selector = @{ app = 'asked' }; ports = @(@{ port = 80 }) } } | Out-Null
            $routes = "/apis/networking.istio.io/v1/namespaces/$space/virtualservices"
            Invoke-TestCluster $cluster POST $routes @{ apiVersion = 'networking.istio.io/v1'; kind = 'VirtualService'; metadata = @{ name = 'asked' }; spec = @{ http = @(@{ route = @(@{ destination = @{ host = 'asked' } }) }) } } | Out-Null
            $steps = (ConvertFrom-Json '{"Header":{"X-Canary":"true"}}'), 'pause,50%'

            Start-Rollout deployment/asked -Image 127.0.0.1:1/app:v2 -Strategy Canary -Router Istio -Step $steps @at -WhatIf | Should -BeNullOrEmpty
            Get-Generation asked | Should -Be 1
            $held = Start-Rollout deployment/asked -Image 127.0.0.1:1/app:v2 -Strategy Canary -Router Istio -Step $steps @at

            $held.Step | Should -Be '2 of 3: pause'
            (Get-Rollout deployment/asked @at).Message | Should -BeLike '*Requests with the header X-Canary go to the new.'
            $rules = (Invoke-TestCluster $cluster GET "$routes/asked").spec.http
            $rules.Count, $rules[0].match[0].headers.'x-canary'.exact, $rules[0].route[0].destination.host | Should -Be 2, 'true', 'asked-canary'
            ($held | Resume-Rollout -Full).Phase | Should -Be Healthy
            (Invoke-TestCluster $cluster GET "$routes/asked").spec.http.Count | Should -Be 1
        }

        It 'say what to do where a kind has no pause' {
            New-TestWorkload $cluster nopause $space -Kind statefulset
            $failure = Get-Failure { Suspend-Rollout statefulset/nopause @at }
            $failure.FullyQualifiedErrorId | Should -BeLike 'RolloutCommandNotSupported,*'
            $failure.ErrorDetails.RecommendedAction | Should -BeLike '*Stop-Rollout*'
        }

        It 'break off what failed and was left, and nothing else' {
            New-TestWorkload $cluster stopped $space
            (Get-Failure { Stop-Rollout deployment/stopped @at }).FullyQualifiedErrorId | Should -BeLike 'NothingToStop,*'
            Start-Rollout deployment/stopped -Image 127.0.0.1:1/app:bad -OnFailure Freeze @at -ErrorAction SilentlyContinue | Out-Null
            $before = Get-Generation stopped
            Stop-Rollout deployment/stopped -WhatIf @at | Should -BeNullOrEmpty
            Get-Generation stopped | Should -Be $before
            $back = Stop-Rollout deployment/stopped @at
            $back.Phase | Should -Be Undone
            $back.Succeeded | Should -BeTrue
            $back.Image.Tag | Should -Be v1
        }

        It 'have whoever is at work go back, which is no success of theirs' {
            New-TestWorkload $cluster told $space
            $powershell = [powershell]::Create()
            try {
                [void]$powershell.AddScript('param($module, $at) Import-Module $module; Start-Rollout deployment/told -Image 127.0.0.1:1/app:unready @at').AddArgument($Staged).AddArgument($at)
                $other = $powershell.BeginInvoke()
                Watch-Rollout deployment/told @at -TimeoutSec 60 | Where-Object StartedAt | Select-Object -First 1 | Out-Null
                $stopped = Stop-Rollout deployment/told @at
                $stopped.Phase | Should -Be Undone
                $stopped.Reason | Should -Be Stopped
                $stopped.Succeeded | Should -BeTrue
                $stopped.Image.Tag | Should -Be v1
                $told = $powershell.EndInvoke($other)
                $told.Phase | Should -Be Undone
                $powershell.Streams.Error.FullyQualifiedErrorId | Should -BeLike 'RolloutFailed,*'
            } finally { $powershell.Dispose() }
        }

        It 'replace every Pod by another of the same image' {
            New-TestWorkload $cluster again $space
            $again = Restart-Rollout deployment/again @at
            $again.Phase | Should -Be Healthy
            $again.Image.Tag | Should -Be v1
            (Invoke-TestCluster $cluster GET "/apis/apps/v1/namespaces/$space/deployments/again").spec.template.metadata.annotations.'kubectl.kubernetes.io/restartedAt' | Should -Not -BeNullOrEmpty
        }
    }

    It 'Wait-Rollout carries on where a shell died' {
        New-TestWorkload $cluster orphan $space
        $record = @{ phase = 'Progressing'; container = 'main'; image = '127.0.0.1:1/app:bad'; previousImage = '127.0.0.1:1/app:v1'; onFailure = 'Undo'; timeoutSec = 300; startedAt = (Get-Date).ToUniversalTime().ToString('o') }
        Edit-Workload orphan @{
            metadata = @{ annotations = @{ 'rollout.pwsh/rollout' = $record | ConvertTo-Json -Compress } }
            spec     = @{ template = @{ spec = @{ terminationGracePeriodSeconds = 1; containers = @(@{ name = 'main'; image = '127.0.0.1:1/app:bad' }) } } }
        }
        $orphan = Get-Rollout deployment/orphan @at
        $orphan.Phase | Should -Be Progressing
        $orphan.Reason | Should -Be Abandoned
        $ended = $orphan | Wait-Rollout -Phase Undone
        $ended.Phase | Should -Be Undone
        $ended.Image.Tag | Should -Be v1
    }

    It 'Watch-Rollout emits each change' {
        New-TestWorkload $cluster watched $space
        Start-Rollout deployment/watched -Image 127.0.0.1:1/app:slow2 -NoWait @at | Out-Null
        $seen = Watch-Rollout deployment/watched -Phase Healthy -TimeoutSec 30 @at
        $seen[0].Phase | Should -Be Progressing
        $seen[-1].Phase | Should -Be Healthy
    }

    It 'gets one clear error: <Id>' -ForEach @(
        @{ Id = 'NamespaceNotFound'; Script = { Start-Rollout deployment/x -Image 127.0.0.1:1/app:v2 -Namespace no-such-namespace -Kubeconfig $cluster.Kubeconfig } }
        @{ Id = 'NamespaceNotFound'; Script = { Get-Rollout 'deployment/*' -Namespace no-such-namespace -Kubeconfig $cluster.Kubeconfig } }
        @{ Id = 'KubernetesContextNotFound'; Script = { Start-Rollout deployment/x -Image 127.0.0.1:1/app:v2 -Context no-such-context -Kubeconfig $cluster.Kubeconfig } }
        @{ Id = 'InvalidTarget'; Script = { Start-Rollout deployment/Bad_Name -Image 127.0.0.1:1/app:v2 @at } }
        @{ Id = 'RolloutNotFound'; Script = { Undo-Rollout deployment/none -ToRevision 1 -Force @at } }
        @{ Id = 'WorkloadNotFound'; Script = { Restart-Rollout deployment/none @at } }
    ) {
        $failure = Get-Failure $Script
        $failure.FullyQualifiedErrorId | Should -BeLike "$Id,*"
        $failure.ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
    }
}

Describe 'On several clusters' -Skip:$NoTwo {
    BeforeAll {
        $cluster = Start-TestCluster in-process
        $space = 'default'
        'one', 'two' | ForEach-Object { New-TestWorkload $cluster shop default -Context $_ }
    }

    AfterAll { Stop-TestCluster $cluster }

    It 'works in several contexts through one pipeline' {
        $rows = 'one', 'two' | ForEach-Object { [pscustomobject]@{ Target = 'deployment/shop'; Namespace = ''; Context = $_; Image = '127.0.0.1:1/app:v2' } }
        $rollouts = $rows | Start-Rollout -Kubeconfig $cluster.Kubeconfig -WarningAction SilentlyContinue -WarningVariable warnings
        $rollouts.Context | Sort-Object | Should -Be one, two
        $rollouts.Endpoint.Server | Sort-Object -Unique | Should -HaveCount 2
        $rollouts.Phase | Sort-Object -Unique | Should -Be Healthy
        # Of the registry that is not there they are told once.
        @($warnings -match '127\.0\.0\.1:1\b') | Should -HaveCount 1
    }

    It 'shows one progress of the whole, and that of each under it' {
        'a', 'b', 'c' | ForEach-Object { New-TestWorkload $cluster "fleet-$_" default }
        $powershell = [powershell]::Create()
        try {
            [void]$powershell.AddScript('param($module, $kubeconfig) Import-Module $module; "a", "b", "c" | ForEach-Object { [pscustomobject]@{ Target = "deployment/fleet-$_"; Image = "127.0.0.1:1/app:slow1" } } | Start-Rollout -Kubeconfig $kubeconfig')
            [void]$powershell.AddArgument($Staged).AddArgument($cluster.Kubeconfig).Invoke()
            $records = $powershell.Streams.Progress | Where-Object ActivityId -GE 7000
            $whole = $records | Where-Object Activity -eq Start-Rollout
            $whole.ActivityId | Sort-Object -Unique | Should -HaveCount 1
            $whole[-1].RecordType | Should -Be Completed
            $each = $records | Where-Object { $_.Activity -like 'Rolling out *' -and $_.RecordType -eq 'Processing' }
            ($each | Group-Object Activity) | Should -HaveCount 3
            $each.ParentActivityId | Sort-Object -Unique | Should -Be $whole[0].ActivityId
        } finally { $powershell.Dispose() }
    }

    It 'starts no more after -MaxFailures' {
        $rows = 'a', 'b', 'c' | ForEach-Object { [pscustomobject]@{ Target = "deployment/gone-$_"; Image = '127.0.0.1:1/app:v2' } }
        $errors = @()
        $rows | Start-Rollout -Kubeconfig $cluster.Kubeconfig -ThrottleLimit 1 -MaxFailures 1 -ErrorAction SilentlyContinue -ErrorVariable errors | Should -BeNullOrEmpty
        $errors.FullyQualifiedErrorId -replace ',.*' | Should -Be WorkloadNotFound, RolloutNotStarted, RolloutNotStarted
        # Those that were not started have not failed.
        "$($errors[1])", "$($errors[2])" | Should -BeLike '*was not started, since another has failed.'
    }

    It 'names the row in the error <Id>, once, and gives it with it' -ForEach @(
        @{ Id = 'KubernetesNotReachable'; Row = @{ Kubeconfig = 'nowhere'; Namespace = 'team' }; Says = "'deployment/shop' in the namespace 'team': The cluster*" }
        @{ Id = 'KubernetesUnauthorized'; Row = @{ Kubeconfig = 'stranger' }; Says = "'deployment/shop': *" }
        @{ Id = 'NamespaceNotFound'; Row = @{ Namespace = 'nope' }; Says = "'deployment/shop': The cluster has no namespace 'nope'." }
        @{ Id = 'KubernetesContextNotFound'; Row = @{ Context = 'nope' }; Says = "'deployment/shop': *" }
        @{ Id = 'InvalidImageReference'; Row = @{ Image = 'Bad Image'; Namespace = 'default' }; Says = "'deployment/shop' in the namespace 'default': *'Bad Image'*" }
        @{ Id = 'WorkloadContainerNotFound'; Row = @{ Container = 'zz'; Namespace = 'default' }; Says = "'default/deployment/shop' has no container 'zz'. It has: main." }
        @{ Id = 'WorkloadContainerNotFound'; Row = @{ Target = 'deploy/shop'; Container = 'zz' }; Says = "'default/deployment/shop' has no container 'zz'. It has: main." }
        @{ Id = 'WorkloadNotFound'; Row = @{ Target = 'deployment/shop-api'; Namespace = 'default' }; Says = "*'default/deployment/shop-api'*" }
        @{ Id = 'ParameterNotApplicable'; Row = @{ Replicas = 2; Namespace = 'default' }; Says = "Namespace 'default': 'deployment/shop' takes no -Replicas*" }
    ) {
        Set-Content "$TestDrive/nowhere" '{"current-context":"x","contexts":[{"name":"x","context":{"cluster":"x"}}],"clusters":[{"name":"x","cluster":{"server":"https://127.0.0.1:1"}}]}'
        $stranger = Get-Content $cluster.Kubeconfig -Raw | ConvertFrom-Json
        $stranger.users | ForEach-Object { $_.user.token = 'of-nobody' }
        $stranger | ConvertTo-Json -Depth 10 | Set-Content "$TestDrive/stranger"
        $given = @{ Target = 'deployment/shop'; Image = '127.0.0.1:1/app:v2'; Kubeconfig = $cluster.Kubeconfig }
        foreach ($column in $Row.Keys) { $given[$column] = $column -eq 'Kubeconfig' ? "$TestDrive/$($Row[$column])" : $Row[$column] }
        $errors = @()
        [pscustomobject]$given | Start-Rollout -ErrorAction SilentlyContinue -ErrorVariable errors | Should -BeNullOrEmpty
        $errors | Should -HaveCount 1
        $errors[0].FullyQualifiedErrorId | Should -BeLike "$Id,*"
        "$($errors[0])" | Should -BeLike $Says
        $errors[0].Exception.Message | Should -Be "$($errors[0])"
        @([regex]::Matches("$($errors[0])", 'deployment/shop')) | Should -HaveCount 1
        @([regex]::Matches("$($errors[0])", 'default')).Count | Should -BeLessOrEqual 1
        $errors[0].TargetObject | Should -BeExactly $given.Target
    }

    It 'names the row whichever cmdlet it is piped to: <_>' -ForEach 'Get-Rollout', 'Get-RolloutHistory', 'Wait-Rollout', 'Watch-Rollout', 'Undo-Rollout', 'Restart-Rollout', 'Suspend-Rollout', 'Resume-Rollout', 'Stop-Rollout' {
        Set-Content "$TestDrive/nowhere" '{"current-context":"x","contexts":[{"name":"x","context":{"cluster":"x"}}],"clusters":[{"name":"x","cluster":{"server":"https://127.0.0.1:1"}}]}'
        $rows = 'nowhere', 'none' | ForEach-Object { [pscustomobject]@{ Target = "deployment/$_"; Namespace = 'team'; Kubeconfig = "$TestDrive/$_" } }
        $errors = @()
        $rows | & $_ -ErrorAction SilentlyContinue -ErrorVariable errors | Should -BeNullOrEmpty
        $errors.FullyQualifiedErrorId -replace ',.*' | Sort-Object | Should -Be KubeconfigNotFound, KubernetesNotReachable
        $errors.TargetObject | Sort-Object | Should -Be deployment/none, deployment/nowhere
        foreach ($failure in $errors) { "$failure" | Should -BeLike "'$($failure.TargetObject)' in the namespace 'team': *" }
    }

    It 'gives the piped object with its error, and its namespace' {
        $one = Get-Rollout deployment/shop -Context one -Kubeconfig $cluster.Kubeconfig
        $failure = Get-Failure { $one | Restart-Rollout -Context nope -Kubeconfig $cluster.Kubeconfig }
        $failure.FullyQualifiedErrorId | Should -BeLike 'KubernetesContextNotFound,*'
        "$failure" | Should -BeLike "'deployment/shop' in the namespace 'default': *"
        $failure.TargetObject | Should -Be $one
        $revision = Get-RolloutHistory deployment/shop -Context one -Kubeconfig $cluster.Kubeconfig | Select-Object -First 1
        (Get-Failure { $revision | Undo-Rollout -Context nope -Kubeconfig $cluster.Kubeconfig }).TargetObject | Should -Be $revision
    }

    It 'acts where an object came from, and refuses where another place is named, or its context names another server by now' {
        $two = Get-Rollout deployment/shop -Context two -Kubeconfig $cluster.Kubeconfig
        ($two | Restart-Rollout).Context | Should -Be two
        (Get-Failure { $two | Restart-Rollout -Context one -Kubeconfig $cluster.Kubeconfig }).FullyQualifiedErrorId | Should -BeLike 'AnotherCluster,*'
        (Get-Failure { $two | Restart-Rollout -Namespace other }).FullyQualifiedErrorId | Should -BeLike 'AnotherNamespace,*'
        $kept = Get-Content $cluster.Kubeconfig -Raw
        try {
            $moved = $kept | ConvertFrom-Json
            ($moved.contexts | Where-Object name -eq two).context.cluster = 'one'
            $moved | ConvertTo-Json -Depth 10 | Set-Content $cluster.Kubeconfig
            (Get-Failure { $two | Restart-Rollout }).FullyQualifiedErrorId | Should -BeLike 'KubernetesContextMoved,*'
        } finally {
            Set-Content $cluster.Kubeconfig $kept -NoNewline
        }
    }

    It 'acts in the cluster of an object that came through a <_>, and refuses where its context names another by now' -ForEach 'file', 'job' {
        $kept = Get-Content $cluster.Kubeconfig -Raw
        $before, $env:KUBECONFIG = $env:KUBECONFIG, $cluster.Kubeconfig
        try {
            $live = Get-Rollout deployment/shop -Context two
            $two = if ($_ -eq 'file') { $live | Export-Clixml $TestDrive/two.xml; Import-Clixml $TestDrive/two.xml }
            else { Start-Job { Import-Module $using:Staged; Get-Rollout deployment/shop -Context two } | Receive-Job -Wait -AutoRemoveJob }
            "$($two.Endpoint)" | Should -Be $live.Endpoint.Server

            # The current context is the other cluster's.
            ($two | Get-Rollout).Endpoint | Should -Be $live.Endpoint
            ($two | Start-Rollout -Image 127.0.0.1:1/app:v3).Endpoint | Should -Be $live.Endpoint
            (Get-Failure { $two | Restart-Rollout -Context one }).FullyQualifiedErrorId | Should -BeLike 'AnotherCluster,*'

            $moved = $kept | ConvertFrom-Json
            ($moved.contexts | Where-Object name -eq two).context.cluster = 'one'
            $moved | ConvertTo-Json -Depth 10 | Set-Content $cluster.Kubeconfig
            foreach ($act in @(
                    { $two | Start-Rollout -Image 127.0.0.1:1/app:v4 }, { $two | Undo-Rollout -Force }, { $two | Restart-Rollout }, { $two | Suspend-Rollout }
                    { $two | Resume-Rollout }, { $two | Stop-Rollout }, { $two | Wait-Rollout }, { $two | Watch-Rollout }, { $two | Get-Rollout }
                    { $two | Get-RolloutHistory })) {
                $failure = Get-Failure $act
                $failure.FullyQualifiedErrorId | Should -BeLike 'KubernetesContextMoved,*' -Because $act
                "$failure" | Should -BeLike "*cluster at $($live.Endpoint.Server), but the context 'two' names*" -Because $act
            }
            # A check wants the rollout itself.
            { $two | Test-RolloutHealth -ErrorAction Stop } | Should -Throw
        } finally {
            $env:KUBECONFIG = $before
            Set-Content $cluster.Kubeconfig $kept -NoNewline
        }
    }
}

Describe 'Test-RolloutEnvironment' {
    It 'says which rights are there and which are missing' -Skip:$NoTwo {
        $cluster = Start-TestCluster in-process
        try {
            $all = Test-RolloutEnvironment -Kubeconfig $cluster.Kubeconfig
            $all | Where-Object -Not Passed | Should -BeNullOrEmpty
            $all.Name | Should -Contain 'Kubernetes cluster'
            $missing = Test-RolloutEnvironment -Kubeconfig $cluster.Kubeconfig -Context reader | Where-Object -Not Passed
            $missing.Name | Should -Contain 'Right to patch deployments (apps)'
            $missing.Name | Should -Contain 'Right to delete pods'
            $missing.Name | Should -Not -Contain 'Right to list deployments (apps)'
            ($missing | Where-Object Name -In 'Right to patch deployments (apps)', 'Right to delete pods').Status | Sort-Object -Unique | Should -Be Failed
            # Canaries alone make a Deployment.
            ($missing | Where-Object Name -In 'Right to create deployments (apps)', 'Right to delete deployments (apps)').Status | Should -Be Warning, Warning
            $all.Name | Sort-Object -Unique | Should -HaveCount $all.Count
            # Whoever shifts no traffic misses nothing.
            ($missing | Where-Object Status -NE Failed).Name | Should -Match '(services|httproutes|(create|delete) deployments)( \(.*\))?$'
            $missing.Recommendation | Should -Not -BeNullOrEmpty
            (Test-RolloutEnvironment -Kubeconfig $cluster.Kubeconfig -Namespace none | Where-Object Name -eq Namespace).Status | Should -Be Failed
        } finally { Stop-TestCluster $cluster }
    }

    It 'is no error where nothing is there, but says so' {
        $said = Invoke-Fresh 'Import-Module $Staged; Test-RolloutEnvironment | ForEach-Object { "$_" }' @{ KUBECONFIG = "$TestDrive/none"; DOCKER_HOST = 'unix:///no/such.sock' }
        $said | Sort-Object | Should -Be 'Docker engine: Warning', 'Kubernetes cluster: Warning'
        $said = Invoke-Fresh 'Import-Module $Staged; Test-RolloutEnvironment -Docker | ForEach-Object { "$_" }' @{ DOCKER_HOST = 'unix:///no/such.sock' }
        $said | Should -Be 'Docker engine: Failed'
    }

    It 'has failed where a context was named that is not there, or that leads nowhere: <Context>' -ForEach @(
        @{ Context = 'nope'; Says = 'Docker engine: Failed', 'Kubernetes cluster: Failed' }
        @{ Context = 'far'; Says = 'Docker engine: Warning', 'Kubernetes cluster: Failed' }
    ) {
        Set-Content "$TestDrive/far" '{"contexts":[{"name":"far","context":{"cluster":"far"}}],"clusters":[{"name":"far","cluster":{"server":"https://127.0.0.1:1"}}]}'
        $said = Invoke-Fresh "Import-Module `$Staged; Test-RolloutEnvironment -Context $Context | ForEach-Object { `"`$_`" }" @{ KUBECONFIG = "$TestDrive/far"; DOCKER_CONFIG = "$TestDrive"; DOCKER_HOST = '' }
        $said | Sort-Object | Should -Be $Says
    }
}

Describe 'Without a cluster' {
    It 'lists what there is elsewhere, with a warning that names the context of a cluster that gives no sign of life' {
        # Connections are taken by the system; nobody answers them.
        $silent = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
        $silent.Start()
        try {
            $port = $silent.LocalEndpoint.Port
            Set-Content "$TestDrive/silent" "{`"current-context`":`"far`",`"contexts`":[{`"name`":`"far`",`"context`":{`"cluster`":`"far`"}}],`"clusters`":[{`"name`":`"far`",`"cluster`":{`"server`":`"https://127.0.0.1:$port`"}}]}"
            $script = 'Import-Module $Staged; Get-Rollout -WarningVariable warnings -WarningAction SilentlyContinue | Where-Object Platform -eq Kubernetes; "$warnings"'
            Invoke-Fresh $script @{ KUBECONFIG = "$TestDrive/silent" } | Should -BeLike "Context 'far': *no sign of life within 2 s*-Context*"
        } finally { $silent.Stop() }
    }

    It 'gets one clear error: <Id> for <Script>' -ForEach @(
        @{ Id = 'KubeconfigNotFound'; Category = 'ObjectNotFound'; Script = { Get-Rollout deployment/x -Kubeconfig /no/such/file } }
        @{ Id = 'KubeconfigNotFound'; Category = 'ObjectNotFound'; Script = { Get-Rollout -Kubeconfig /no/such/file } }
        @{ Id = 'KubernetesNotReachable'; Category = 'ConnectionError'; Script = { Get-Rollout deployment/x -Kubeconfig $nowhere } }
        @{ Id = 'KubernetesNotReachable'; Category = 'ConnectionError'; Script = { Get-Rollout -Kubeconfig $nowhere } }
        @{ Id = 'KubernetesContextNotFound'; Category = 'ObjectNotFound'; Script = { Restart-Rollout deployment/x -Context none -Kubeconfig $nowhere } }
        @{ Id = 'InvalidTarget'; Category = 'ParserError'; Script = { Start-Rollout deployment/Bad_Name -Image 127.0.0.1:1/app:v2 -Kubeconfig $nowhere } }
        @{ Id = 'InvalidTarget'; Category = 'ParserError'; Script = { Undo-Rollout nothing/x } }
        @{ Id = 'ParameterNotApplicable'; Category = 'InvalidArgument'; Script = { Start-Rollout deployment/x -Image app:v2 -Replicas 3 -Env @{ A = 'b' } -Kubeconfig $nowhere } }
        @{ Id = 'ParameterNotOfStrategy'; Category = 'InvalidArgument'; Script = { Start-Rollout deployment/x -Image app:v2 -Router Gateway -Kubeconfig $nowhere } }
        @{ Id = 'ParameterNotOfStrategy'; Category = 'InvalidArgument'; Script = { Start-Rollout deployment/x -Image app:v2 -Strategy Canary -AutoPromote -Kubeconfig $nowhere } }
        @{ Id = 'StepsNotApplicable'; Category = 'InvalidArgument'; Script = { Start-Rollout deployment/x -Image app:v2 -Step '5%' -Kubeconfig $nowhere } }
        @{ Id = 'ParameterNotApplicable'; Category = 'InvalidArgument'; Script = { Start-Rollout docker/x -Image app:v2 -Container main } }
        @{ Id = 'NamespaceNotApplicable'; Category = 'InvalidArgument'; Script = { Get-Rollout docker/x -Namespace finance } }
        @{ Id = 'ParameterNotApplicable'; Category = 'InvalidArgument'; Script = { Start-Rollout deploy/x -Image app:v2 -DockerHost unix:///x.sock -Kubeconfig $nowhere } }
        @{ Id = 'ParameterNotApplicable'; Category = 'InvalidArgument'; Script = { Start-Rollout docker/x -Image app:v2 -Kubeconfig $nowhere } }
        @{ Id = 'ParameterNotApplicable'; Category = 'InvalidArgument'; Script = { Get-Rollout deployment/x, sts/* -DockerHost unix:///x.sock } }
        @{ Id = 'ParameterNotApplicable'; Category = 'InvalidArgument'; Script = { Wait-Rollout compose/x/y -Kubeconfig $nowhere } }
        @{ Id = 'ParameterNotApplicable'; Category = 'InvalidArgument'; Script = { Restart-Rollout deployment/x -DockerHost unix:///x.sock } }
        @{ Id = 'ParameterNotApplicable'; Category = 'InvalidArgument'; Script = { Undo-Rollout service/x -Kubeconfig $nowhere } }
        @{ Id = 'EmptyTarget'; Category = 'InvalidArgument'; Script = { Get-Rollout '' } }
        @{ Id = 'EmptyTarget'; Category = 'InvalidArgument'; Script = { Get-Rollout $null } }
        @{ Id = 'EmptyTarget'; Category = 'InvalidArgument'; Script = { Get-Rollout -Target deployment/x, '' } }
        @{ Id = 'InvalidTarget'; Category = 'ParserError'; Script = { Get-Rollout 'service/bad name' } }
    ) {
        $nowhere = "$TestDrive/nowhere"
        Set-Content $nowhere '{"current-context":"x","contexts":[{"name":"x","context":{"cluster":"x"}}],"clusters":[{"name":"x","cluster":{"server":"https://127.0.0.1:1"}}]}'
        $failure = Get-Failure $Script
        $failure.FullyQualifiedErrorId | Should -BeLike "$Id,*"
        $failure.CategoryInfo.Category | Should -Be $Category
        $failure.ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
    }

    It 'takes both a -Kubeconfig and a -DockerHost where targets may be of both platforms: <Case>' -ForEach @(
        @{ Case = 'piped as text'; Script = { 'docker/x', 'deployment/x' | Get-RolloutHistory @place } }
        @{ Case = 'rows'; Script = { "Target,Image`ndocker/x,app:v2`ndeployment/x,app:v2" | ConvertFrom-Csv | Start-Rollout @place } }
        @{ Case = 'several named'; Script = { Get-Rollout docker/x, deployment/x @place } }
        @{ Case = 'defaults'; Script = {
                $PSDefaultParameterValues = @{ '*-Rollout:Kubeconfig' = $place.Kubeconfig; '*-Rollout:DockerHost' = $place.DockerHost }
                Get-Rollout docker/x
                Get-Rollout deployment/x
            }
        }
    ) {
        $place = @{ Kubeconfig = '/no/such/file'; DockerHost = 'unix:///no/such.sock' }
        $ErrorActionPreference = 'SilentlyContinue'
        $Error.Clear()
        & $Script
        $Error.FullyQualifiedErrorId -replace ',.*' | Sort-Object | Should -Be DockerEngineNotReachable, KubeconfigNotFound
    }

    It 'gets the column <Column> of a row: <Id>' -ForEach @(
        @{ Column = 'Step'; Cell = '5%'; Id = 'StepsNotApplicable'; Target = 'deployment/x' }
        @{ Column = 'AutoPromote'; Cell = 'TRUE'; Id = 'ParameterNotOfStrategy'; Target = 'deployment/x' }
        @{ Column = 'Baseline'; Cell = 'true'; Id = 'ParameterNotOfStrategy'; Target = 'deployment/x' }
        @{ Column = 'ScaleDownDelay'; Cell = '30s'; Id = 'ParameterNotOfStrategy'; Target = 'deployment/x' }
        @{ Column = 'Router'; Cell = 'Gateway'; Id = 'ParameterNotOfStrategy'; Target = 'deployment/x' }
        @{ Column = 'RouterEndpoint'; Cell = 'shop'; Id = 'ParameterNotOfStrategy'; Target = 'deployment/x' }
        @{ Column = 'Backend'; Cell = 'shop'; Id = 'ParameterNotOfStrategy'; Target = 'deployment/x' }
        @{ Column = 'Kubeconfig'; Cell = '/no/such/file'; Id = 'KubeconfigNotFound'; Target = 'deployment/x' }
        @{ Column = 'DockerHost'; Cell = 'unix:///no/such.sock'; Id = 'DockerEngineNotReachable'; Target = 'docker/x' }
        @{ Column = 'MaxUnavailable'; Cell = '1'; Id = 'ParameterNotApplicable'; Target = 'docker/x' }
        @{ Column = 'Container'; Cell = 'main'; Id = 'ParameterNotApplicable'; Target = 'docker/x' }
        @{ Column = 'Replicas'; Cell = '2'; Id = 'ParameterNotApplicable'; Target = 'deployment/x' }
        @{ Column = 'Port'; Cell = '80'; Id = 'ParameterNotApplicable'; Target = 'deployment/x' }
        @{ Column = 'Publish'; Cell = '80:80'; Id = 'ParameterNotApplicable'; Target = 'deployment/x' }
        @{ Column = 'Network'; Cell = 'shop'; Id = 'ParameterNotApplicable'; Target = 'deployment/x' }
        @{ Column = 'Volume'; Cell = 'a:/b'; Id = 'ParameterNotApplicable'; Target = 'deployment/x' }
        @{ Column = 'Memory'; Cell = '1g'; Id = 'ParameterNotApplicable'; Target = 'deployment/x' }
        @{ Column = 'Cpu'; Cell = '1.5'; Id = 'ParameterNotApplicable'; Target = 'deployment/x' }
    ) {
        $nowhere = "$TestDrive/nowhere"
        Set-Content $nowhere '{"current-context":"x","contexts":[{"name":"x","context":{"cluster":"x"}}],"clusters":[{"name":"x","cluster":{"server":"https://127.0.0.1:1"}}]}'
        $place = if ($Column -notin 'Kubeconfig', 'DockerHost') { @{ Kubeconfig = $nowhere; DockerHost = 'unix:///other.sock' } } else { @{} }
        $rows = "Target,Image,$Column`n$Target,app:v2,$Cell" | ConvertFrom-Csv
        (Get-Failure { $rows | Start-Rollout @place }).FullyQualifiedErrorId | Should -BeLike "$Id,*"

        # Empty, and in the row after: the place is asked then, which nobody answers for.
        $rows = "Target,Image,$Column`n$Target,app:v2,$Cell`n$Target,app:v2,`n$Target,app:v2," | ConvertFrom-Csv
        $errors = @()
        $place = @{ Kubeconfig = $nowhere; DockerHost = 'unix:///other.sock' }
        if ($Column -in 'Kubeconfig', 'DockerHost') { $place.Remove($Column) }
        $before = $env:KUBECONFIG, $env:DOCKER_HOST
        try {
            $env:KUBECONFIG, $env:DOCKER_HOST = $nowhere, 'unix:///other.sock'
            $rows | Start-Rollout @place -ThrottleLimit 1 -ErrorAction SilentlyContinue -ErrorVariable errors
        } finally { $env:KUBECONFIG, $env:DOCKER_HOST = $before }
        $unanswered = if ($Target -like 'docker/*') { 'DockerEngineNotReachable' } else { 'KubernetesNotReachable' }
        @($errors.FullyQualifiedErrorId -replace ',.*' | Sort-Object) | Should -Be @($Id, $unanswered, $unanswered | Sort-Object)
        if ($Column -eq 'DockerHost') { @($errors | Where-Object { "$_" -like '*such.sock*' }) | Should -HaveCount 1 }
    }

    It 'takes no text for the place of a rollout that does not name one: <Id>' -ForEach @(
        @{ Id = 'InvalidEndpoint'; Text = 'nonsense' }
        @{ Id = 'InvalidEndpoint'; Text = '/var/run/docker.sock' }
        @{ Id = 'InvalidEndpoint'; Text = 'https://anna:s3cret@host' }
        @{ Id = 'ParameterNotApplicable'; Text = 'unix:///no/such.sock' }
    ) {
        $row = [pscustomobject]@{ Target = 'deployment/x'; Endpoint = $Text }
        foreach ($act in { $row | Start-Rollout -Image app:v2 }, { $row | Restart-Rollout }, { $row | Get-Rollout }, { $row | Wait-Rollout }, { Get-Rollout deployment/x -Endpoint $Text }) {
            $failure = Get-Failure $act
            $failure.FullyQualifiedErrorId | Should -BeLike "$Id,*" -Because $act
            "$failure" | Should -Not -Match s3cret
        }
        (Get-Failure { Get-Rollout docker/x -Endpoint https://127.0.0.1:1 }).FullyQualifiedErrorId | Should -BeLike 'ParameterNotApplicable,*'
    }

    It 'holds a rollout that came through a <_> to the engine that its docker context named' -ForEach 'file', 'job' {
        $id = [Convert]::ToHexStringLower([Security.Cryptography.SHA256]::HashData([Text.Encoding]::UTF8.GetBytes('far')))
        New-Item "$TestDrive/docker/contexts/meta/$id" -ItemType Directory -Force | Out-Null
        $endpoint = [Rollout.RolloutEndpoint]@{ DockerHost = 'tcp://127.0.0.1:1'; Context = 'far' }
        New-TestStatus @{ Context = 'far'; Endpoint = $endpoint } | Export-Clixml $TestDrive/far.xml -Depth ($_ -eq 'job' ? 1 : 2)
        $far = Import-Clixml $TestDrive/far.xml
        $before, $env:DOCKER_CONFIG = $env:DOCKER_CONFIG, "$TestDrive/docker"
        try {
            foreach ($port in 1, 2) {
                Set-Content "$TestDrive/docker/contexts/meta/$id/meta.json" "{`"Name`":`"far`",`"Endpoints`":{`"docker`":{`"Host`":`"tcp://127.0.0.1:$port`"}}}"
                $expected = $port -eq 1 ? 'DockerEngineNotReachable,*' : 'DockerContextMoved,*'
                foreach ($act in { $far | Start-Rollout -Image app:v2 }, { $far | Restart-Rollout }, { $far | Undo-Rollout -Force }, { $far | Get-Rollout }, { $far | Wait-Rollout }) {
                    (Get-Failure $act).FullyQualifiedErrorId | Should -BeLike $expected -Because $act
                }
            }
        } finally { $env:DOCKER_CONFIG = $before }
    }

    It 'knows every property of the module''s objects that a row''s column has the name of' {
        $rows = (Get-Command Start-Rollout).Parameters.Values | Where-Object { $_.Attributes.ValueFromPipelineByPropertyName -contains $true } | ForEach-Object Name
        $same = foreach ($type in [Rollout.RolloutStatus].Assembly.GetExportedTypes() | Where-Object { -not $_.IsSubclassOf([Delegate]) }) {
            $type.GetProperties() | Where-Object { $_.Name -in $rows -and $_.Name -notin 'Target', 'Namespace', 'Context', 'Image', 'Endpoint' } | ForEach-Object { "$($type.Name).$($_.Name)" }
        }
        $record = 'RolloutStatus.Strategy', 'RolloutStatus.Step', 'RolloutRevision.ChangeCause' # Not taken over.
        $meant = 'RolloutStatus.Container', 'RolloutEndpoint.DockerHost', 'RolloutEndpoint.Kubeconfig'
        $strange = 'BaselineHealthCheck.Step', 'MetricJudgement.Baseline', 'PrometheusHealthCheck.Step', 'ReplicasStep.Replicas', 'TcpHealthCheck.Port' # Nobody pipes these here.
        $same | Sort-Object | Should -Be ($record + $meant + $strange | Sort-Object)
    }

    It 'Get-Rollout with no target leaves out a platform that is not there' {
        Set-Content $TestDrive/nowhere '{"current-context":"x","contexts":[{"name":"x","context":{"cluster":"x"}}],"clusters":[{"name":"x","cluster":{"server":"https://127.0.0.1:1"}}]}'
        Invoke-Fresh 'Import-Module $Staged; Get-Rollout; "done"' @{ KUBECONFIG = "$TestDrive/nowhere"; DOCKER_HOST = 'unix:///no/such.sock' } | Should -Be done
        Invoke-Fresh 'Import-Module $Staged; Get-Rollout; "done"' @{ KUBECONFIG = "$TestDrive/none"; DOCKER_HOST = 'unix:///no/such.sock' } | Should -Be done
    }
}
