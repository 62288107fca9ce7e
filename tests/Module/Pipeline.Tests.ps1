# What all cmdlets have from the base they stand on.
BeforeAll {
    . $PSScriptRoot/TestSetup.ps1

    # Answers each request after as many milliseconds as its path says.
    $server = [Net.HttpListener]::new()
    $free = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
    $free.Start()
    $port = $free.LocalEndpoint.Port
    $free.Stop()
    $server.Prefixes.Add("http://127.0.0.1:$port/")
    $server.Start()
    # Not Start-ThreadJob: its module is not in every PowerShell.
    $answering = [powershell]::Create()
    [void]$answering.AddScript({
        param($server)
        do {
            $context = $server.GetContext()
            $path = $context.Request.Url.AbsolutePath
            if ($path -eq '/bad') { $context.Response.StatusCode = 500 }
            $context.Response.Close()
        } until ($path -eq '/end')
    }).AddArgument($server)
    $answered = $answering.BeginInvoke()
    $good = "http://127.0.0.1:$port/good"
}

AfterAll {
    # By a request: whoever begins to wait for one while the listener is closed may wait for ever.
    [void](Invoke-WebRequest "http://127.0.0.1:$port/end")
    $answering.EndInvoke($answered)
    $answering.Dispose()
    $server.Close()
}

Describe 'A cmdlet' {
    It 'does not hold one input up for another, and emits in order of completion' {
        $slow = New-TestStatus @{ Target = 'docker/slow' }
        $failed = New-TestStatus @{ Target = 'docker/failed'; Phase = 'Failed' }
        ($slow, $failed | Test-RolloutHealth -Uri $good -SuccessesNeeded 3 -Interval '300ms').Rollout.Target | Should -Be 'docker/failed', 'docker/slow'
    }

    It 'takes one at a time with -ThrottleLimit 1' {
        $slow = New-TestStatus @{ Target = 'docker/slow' }
        $failed = New-TestStatus @{ Target = 'docker/failed'; Phase = 'Failed' }
        ($slow, $failed | Test-RolloutHealth -Uri $good -SuccessesNeeded 3 -Interval '300ms' -ThrottleLimit 1).Rollout.Target | Should -Be 'docker/slow', 'docker/failed'
    }

    It 'shows every activity as completed at the end' {
        $powershell = [powershell]::Create()
        try {
            [void]$powershell.AddScript("Import-Module '$Staged'; . '$PSScriptRoot/TestObjects.ps1'; New-TestStatus | Test-RolloutHealth -Uri $good -SuccessesNeeded 3 -Interval '300ms'").Invoke()
            $records = $powershell.Streams.Progress | Where-Object ActivityId -GE 7000
            $records | Should -Not -BeNullOrEmpty
            foreach ($activity in $records | Group-Object ActivityId) { $activity.Group[-1].RecordType | Should -Be Completed }
            ($records | Group-Object Activity | ForEach-Object { @($_.Group.ActivityId | Sort-Object -Unique).Count }) | Should -Be 1
        } finally { $powershell.Dispose() }
    }

    It 'ends when what comes after has enough' {
        (New-TestStatus @{ Phase = 'Failed' }), (New-TestStatus) | Test-RolloutHealth -Uri $good | Select-Object -First 1 | Should -HaveCount 1
    }

    It 'tells a failure with everything else that is in flight at its end' {
        $other = New-TestStatus @{ Target = 'docker/other' }
        $lost = New-TestStatus @{ Target = 'docker/lost'; Endpoint = [Rollout.RolloutEndpoint]@{ DockerHost = 'nonsense' } }
        $errors = @()
        $found = $lost, $other | Test-RolloutHealth -Uri $good -ErrorAction SilentlyContinue -ErrorVariable errors
        $found.Rollout.Target | Should -Be docker/other
        $errors.FullyQualifiedErrorId -replace ',.*' | Should -Be InvalidDockerHost
    }
}
