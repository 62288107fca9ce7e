# Health checks: what the command line says, and what runs in PowerShell.
BeforeAll {
    . $PSScriptRoot/TestSetup.ps1
    $rollout = New-TestStatus
    $metrics = @{ Prometheus = 'http://127.0.0.1:1' }
}

Describe 'New-RolloutHealthCheck' {
    It 'makes a check of each thing that is named' {
        $checks = New-RolloutHealthCheck https://shop/healthz -Prometheus http://prometheus:9090 -ErrorRateBelow 0.5% -LatencyBelow 300ms -Query 'up' -Above 0 `
            -Saturation Cpu, Pending -Alertmanager http://alerts:9093 -AlertMatcher 'severity="critical"' -Tcp db:5432 -Container -ScriptBlock { $true } -Command true
        $checks.Kind | Should -Be Http, Prometheus, Prometheus, Prometheus, Prometheus, Prometheus, Alert, Tcp, Container, Script, Command
        $checks[1].Below | Should -Be 0.005
        $checks[2].Below | Should -Be 0.3
        $checks[1].FailureLimit, $checks[0].FailureLimit | Should -Be 1, 3
    }
    It 'compares with a baseline instead of a threshold' {
        $check = New-RolloutHealthCheck @metrics -Query 'errors{role="{{role}}"}' -Baseline -Direction Increase -Window '2m' -Step '5s'
        $check.Kind, $check.Metrics.Query, $check.Metrics.Direction | Should -Be Baseline, 'errors{role="{{role}}"}', Increase
        $check.Window.TotalMinutes, $check.Step.TotalSeconds | Should -Be 2, 5
        (New-RolloutHealthCheck @metrics -Query 'histogram_quantile({{quantile}}, x{a="{{role}}"})' -Baseline -Percentile 50).Quantile | Should -Be 0.5
        (New-RolloutHealthCheck @metrics -Query a -Baseline -BaselineQuery b).Metrics.BaselineQuery | Should -Be b
        { New-RolloutHealthCheck @metrics -Query up -Baseline } | Should -Throw -ErrorId 'InvalidHealthCheck*'
        { New-RolloutHealthCheck @metrics -Query up -Below 1 -Direction Increase } | Should -Throw -ErrorId 'ParameterMissing*'
    }
    It 'takes a selector with its braces or without' {
        foreach ($selector in 'job="a"', '{job="a"}', ' { job="a" } ') { (New-RolloutHealthCheck @metrics -ErrorRateBelow 1% -Selector $selector).Query | Should -Match '_total\{ ?job="a" ?\}' }
        (New-RolloutHealthCheck @metrics -ErrorRateBelow 1% -Selector '{{selector}}').Query | Should -BeLike '*{{{selector}}}*'
    }
    It 'looks at the alerts of Prometheus itself where there is no Alertmanager' {
        (New-RolloutHealthCheck @metrics -AlertMatcher 'severity="critical"').Source | Should -Be Prometheus
    }
    It 'asks the router in front where there is no Prometheus' {
        $check = New-RolloutHealthCheck -ErrorRateBelow 0.5% -LatencyBelow 300ms -Window '1m' -MinimumRequests 100
        $check.Kind, $check.ErrorRateBelow, $check.LatencyBelow.TotalMilliseconds, $check.MinimumRequests | Should -Be Router, 0.005, 300, 100
    }
    It 'asks the platform itself what is used where there is no Prometheus' {
        $check = New-RolloutHealthCheck -Saturation cpu, Memory -Window '2m'
        $check.Kind, $check.Window.TotalMinutes, $check.Share | Should -Be Saturation, 2, 0.85
        $check.Resources | Should -Be Cpu, Memory
    }
    It 'applies what is common to all' {
        $checks = New-RolloutHealthCheck -Tcp '[::1]:80' -Container -FailureLimit 7 -TotalFailureLimit 9 -SuccessesNeeded 3 -OutOf 5 -Interval '2s' -TimeoutSec 4 -For '1m' -Name mine
        $checks.Name | Should -Be 'mine: [::1]:80', 'mine: containers'
        foreach ($check in $checks) {
            $check.FailureLimit, $check.TotalFailureLimit, $check.SuccessesNeeded, $check.OutOf | Should -Be 7, 9, 3, 5
            $check.Interval.TotalSeconds, $check.Timeout.TotalSeconds, $check.For.TotalMinutes | Should -Be 2, 4, 1
        }
    }
    It 'sends a login to monitoring alone, and shows it nowhere' {
        $login = [pscredential]::new('anna', (ConvertTo-SecureString 'header-secret-31' -AsPlainText -Force))
        $token = ConvertTo-SecureString 'header-secret-31' -AsPlainText -Force
        $checks = New-RolloutHealthCheck https://shop/ @metrics -ErrorRateBelow 1% -Alertmanager http://alerts:9093 -Credential $login
        $checks[0].HeaderNames | Should -BeNullOrEmpty
        $checks[1].HeaderNames, $checks[2].HeaderNames | Should -Be Authorization, Authorization
        $bearer = New-RolloutHealthCheck @metrics -ErrorRateBelow 1% -Token $token
        $bearer.HeaderNames | Should -Be Authorization
        $checks + $bearer | ForEach-Object { "$_"; $_ | Format-List * | Out-String; $_ | ConvertTo-Json -Depth 5; [Management.Automation.PSSerializer]::Serialize($_, 5) } | Should -Not -Match 'header-secret-31|YW5uYT'
    }
    It 'refuses <Case>' -ForEach @(
        @{ Case = 'nothing'; Script = { New-RolloutHealthCheck }; Id = 'NothingToCheck' }
        @{ Case = 'a bare 0.5'; Script = { New-RolloutHealthCheck @metrics -ErrorRateBelow 0.5 }; Id = 'ParameterArgumentTransformationError'; Names = 'quote it' }
        @{ Case = 'a decimal comma'; Script = { New-RolloutHealthCheck @metrics -ErrorRateBelow '0,5%' }; Id = 'ParameterArgumentTransformationError'; Names = 'a point' }
        @{ Case = 'a decimal comma without quotes'; Script = { New-RolloutHealthCheck @metrics -ErrorRateBelow 0,5% }; Id = 'ParameterArgumentTransformationError'; Names = '0,5%*a point' }
        @{ Case = 'a number with a comma'; Script = { New-RolloutHealthCheck @metrics -Query up -Below '0,5' }; Id = 'ParameterArgumentTransformationError'; Names = 'a point' }
        @{ Case = 'a latency of 5s without quotes'; Script = { New-RolloutHealthCheck @metrics -LatencyBelow 5s }; Id = 'ParameterArgumentTransformationError'; Names = 'quote it' }
        @{ Case = 'a window of 0'; Script = { New-RolloutHealthCheck @metrics -ErrorRateBelow 1% -Window 0 }; Id = 'InvalidHealthCheck'; Names = 'window' }
        @{ Case = 'a query without a threshold'; Script = { New-RolloutHealthCheck @metrics -Query up }; Id = 'InvalidHealthCheck'; Names = 'threshold' }
        @{ Case = 'a variable that does not exist'; Script = { New-RolloutHealthCheck @metrics -Query 'x{a="{{nmae}}"}' -Below 1 }; Id = 'UnknownQueryVariable'; Names = '{{name}}' }
        @{ Case = 'a query without Prometheus'; Script = { New-RolloutHealthCheck -Query up -Below 1 }; Id = 'ParameterMissing'; Names = '-Prometheus' }
        @{ Case = 'Prometheus without a question'; Script = { New-RolloutHealthCheck @metrics }; Id = 'ParameterMissing'; Names = '-ErrorRateBelow' }
        @{ Case = 'a status without an address'; Script = { New-RolloutHealthCheck -ExpectStatus 200 -Container }; Id = 'ParameterMissing'; Names = '-Uri' }
        @{ Case = 'a matcher that is none'; Script = { New-RolloutHealthCheck -Alertmanager http://a -AlertMatcher 'severity>1' }; Id = 'InvalidHealthCheck'; Names = 'severity=' }
        @{ Case = 'what the platform does not measure itself'; Script = { New-RolloutHealthCheck -Saturation Pending }; Id = 'ParameterMissing'; Names = '-Prometheus' }
        @{ Case = 'an address that is none'; Script = { New-RolloutHealthCheck shop/healthz }; Id = 'ParameterArgumentTransformationError'; Names = 'http://' }
        @{ Case = 'a header that cannot be sent'; Script = { New-RolloutHealthCheck http://a -Header @{ 'a b' = 'c' } }; Id = 'InvalidHealthCheck'; Names = 'a b' }
        @{ Case = 'a value that no header can carry'; Script = { New-RolloutHealthCheck http://a -Header @{ Name = 'Zoë' } }; Id = 'InvalidHealthCheck'; Names = 'ASCII' }
        @{ Case = 'a pattern that is none'; Script = { New-RolloutHealthCheck http://a -ExpectBody '(' }; Id = 'InvalidHealthCheck'; Names = 'regular expression' }
        @{ Case = 'a percentile with a comma'; Script = { New-RolloutHealthCheck @metrics -LatencyBelow 300ms -Percentile '9,5' }; Id = 'ParameterArgumentTransformationError'; Names = 'a point' }
        @{ Case = 'several addresses'; Script = { New-RolloutHealthCheck http://a/,http://b/ }; Id = 'ParameterArgumentTransformationError'; Names = 'several' }
        @{ Case = 'a share that nothing is below'; Script = { New-RolloutHealthCheck @metrics -ErrorRateBelow 0% }; Id = 'InvalidHealthCheck'; Names = 'never' }
        @{ Case = 'a threshold beside a baseline'; Script = { New-RolloutHealthCheck @metrics -Query 'x{a="{{role}}"}' -Baseline -Below 1 }; Id = 'ParametersApart'; Names = '-Below' }
        @{ Case = 'requests counted beside a baseline'; Script = { New-RolloutHealthCheck @metrics -Query 'x{a="{{role}}"}' -Baseline -MinimumRequests 9 }; Id = 'ParametersApart'; Names = '-MinimumRequests' }
        @{ Case = 'a count of requests that nothing asks for'; Script = { New-RolloutHealthCheck @metrics -ErrorRateBelow 1% -RequestsQuery up }; Id = 'ParameterMissing'; Names = '-MinimumRequests' }
        @{ Case = 'a header for nobody'; Script = { New-RolloutHealthCheck -Container -Header @{ a = 'b' } }; Id = 'ParameterMissing'; Names = '-Header' }
        @{ Case = 'a meaning of no answer where nobody is asked'; Script = { New-RolloutHealthCheck http://a -OnError Fail }; Id = 'ParameterMissing'; Names = '-OnError' }
        @{ Case = 'a matcher for Alertmanager with Prometheus besides'; Script = { New-RolloutHealthCheck @metrics -Alertmanager http://a -AlertMatcher 'a="b"' }; Id = 'ParameterMissing'; Names = '-Query or -Saturation' }
        @{ Case = 'an address without a port'; Script = { New-RolloutHealthCheck -Tcp db }; Id = 'InvalidHealthCheck'; Names = 'port' }
    ) {
        $failure = Get-Failure $Script
        $failure.FullyQualifiedErrorId | Should -BeLike "$Id,*"
        if ($Names) { $failure.Exception.Message | Should -BeLike "*$Names*" }
    }
}

Describe 'A stored check' {
    BeforeAll {
        $metrics = @{ Prometheus = 'http://127.0.0.1:1/p' }
        $checks = @(
            New-RolloutHealthCheck http://a/b -ExpectStatus 200, 204 -ExpectHeader @{ A = 'b' } -ExpectBody ok -SuccessesNeeded 3 -OutOf 5 -Interval '500ms' -For '2m' -CertificateAuthority /ca.pem
            New-RolloutHealthCheck @metrics -ErrorRateBelow 1% -LatencyBelow 300ms -Query up -Above 0 -Step '5s' -MinimumRequests 9 -OnNoData Fail -OnError Pass -TotalFailureLimit 4
            New-RolloutHealthCheck @metrics -Query 'x{a="{{role}}"}' -Baseline -Direction Increase
            New-RolloutHealthCheck @metrics -AlertMatcher 'a="b"', 'c!=d'
            New-RolloutHealthCheck -ErrorRateBelow 5% -LatencyBelow 1000ms -Saturation Cpu, Memory -Tcp db:5432 -Container -ScriptBlock { $_.Name } -Command true -ArgumentList a, 'b c'
        )
        function Get-Shown($Check) { $Check | ForEach-Object { ConvertTo-Json $_ -Depth 6 } }
        $reader = [Rollout.Module.Literals.StoredChecksAttribute]::new()
    }
    It 'is what it was after <Way>' -ForEach @(
        @{ Way = 'Export-Clixml'; Store = { [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($checks, 4)) } }
        @{ Way = 'ConvertTo-Json'; Store = { ConvertTo-Json $checks -Depth 6 | ConvertFrom-Json } }
        @{ Way = 'nothing at all'; Store = { $checks } }
    ) {
        $back = $reader.Transform($null, (& $Store))
        $back.ForEach({ $_.GetType().Name }) | Should -Be $checks.ForEach({ $_.GetType().Name })
        Get-Shown $back | Should -Be (Get-Shown $checks)
    }
    It 'is taken as it comes' {
        $stored = New-RolloutHealthCheck -Command /bin/sh -ArgumentList '-c', 'exit 3' | ConvertTo-Json | ConvertFrom-Json
        ($rollout | Test-RolloutHealth -Check $stored).Checks.Value | Should -Be 3
        (Get-Failure { Start-Rollout docker/x -Image x:1 -NoWait -HealthCheck (New-RolloutHealthCheck -ScriptBlock { $true } | ConvertTo-Json | ConvertFrom-Json) }).FullyQualifiedErrorId | Should -BeLike 'ScriptNeedsWait,*'
    }
    It 'is refused where its login is missing, or a part of it was cut off' {
        $header = New-RolloutHealthCheck http://a -Header @{ 'X-Key' = 'k' } | ConvertTo-Json | ConvertFrom-Json
        (Get-Failure { $rollout | Test-RolloutHealth -Check $header }).Exception.Message | Should -BeLike '*logs in with*'
        $login = New-RolloutHealthCheck http://anna:t0psecret@a/ | ConvertTo-Json | ConvertFrom-Json
        (Get-Failure { $rollout | Test-RolloutHealth -Check $login }).Exception.Message | Should -BeLike '*logs in with*'
        $cut = ,(New-RolloutHealthCheck @metrics -Query 'x{a="{{role}}"}' -Baseline) | ConvertTo-Json -Depth 1 -WarningAction Ignore | ConvertFrom-Json
        (Get-Failure { $rollout | Test-RolloutHealth -Check $cut }).Exception.Message | Should -BeLike '*-Depth*'
        (Get-Failure { $rollout | Test-RolloutHealth -Check 17 }).FullyQualifiedErrorId | Should -BeLike 'CannotConvertArgument*'
    }
}

Describe 'An address that cannot be read' {
    It 'is not repeated with the password in it: -<Parameter>' -ForEach @(@{ Parameter = 'Uri' }, @{ Parameter = 'Prometheus' }, @{ Parameter = 'Alertmanager' }) {
        foreach ($address in 'http://anna:t0psecret@[bad', 'anna:t0psecret@host', 'http//anna:t0psecret@host', 'http://anna:t0psecret@host:port') {
            $given = @{ $Parameter = $address }
            $failure = Get-Failure { New-RolloutHealthCheck @given }
            "$failure $($failure.Exception) $($failure.ErrorDetails) $($failure.TargetObject)" | Should -Not -BeLike '*t0psecret*'
            "$failure" | Should -BeLike '*http://host:port*'
        }
    }
}

Describe 'A script as a check' {
    It 'is <Verdict> where it <Case>' -ForEach @(
        @{ Case = 'writes $true last'; Script = { 'text'; $true }; Verdict = 'Healthy' }
        @{ Case = 'writes $false'; Script = { $false }; Verdict = 'Unhealthy' }
        @{ Case = 'writes a verdict'; Script = { 'unhealthy' }; Verdict = 'Unhealthy' }
        @{ Case = 'throws'; Script = { throw 'the basket is empty' }; Verdict = 'Unhealthy'; Says = 'the basket is empty' }
        @{ Case = 'has an error'; Script = { Get-Item /no/such/thing; $true }; Verdict = 'Unhealthy'; Says = 'no/such/thing' }
        @{ Case = 'ends with an exit code'; Script = { $true; exit 3 }; Verdict = 'Unhealthy'; Says = 'exit code 3' }
        @{ Case = 'ends with the exit code 0'; Script = { exit 0 }; Verdict = 'Healthy' }
        @{ Case = 'breaks out of what is around it'; Script = { break }; Verdict = 'Unhealthy'; Says = 'break' }
        @{ Case = 'writes nothing'; Script = { $null }; Verdict = 'Inconclusive' }
        @{ Case = 'writes a number'; Script = { 1 }; Verdict = 'Inconclusive' }
    ) {
        $result = ($rollout | Test-RolloutHealth -ScriptBlock $Script -Interval 0 -ErrorAction Stop).Checks
        $result.Verdict | Should -Be $Verdict
        if ($Says) { $result.Message | Should -BeLike "*$Says*" }
    }
    It 'sees the rollout, and what is around it' {
        $expected = 'docker/x'
        function Test-It($Status) { $Status.Target -eq $expected }
        ($rollout | Test-RolloutHealth -ScriptBlock { Test-It $_ }).Verdict | Should -Be Healthy
    }
    It 'is refused with -NoWait, before anything is started' {
        $failure = Get-Failure { Start-Rollout docker/x -Image x:1 -NoWait -HealthCheck (New-RolloutHealthCheck -ScriptBlock { $true }) }
        $failure.FullyQualifiedErrorId | Should -BeLike 'ScriptNeedsWait,*'
        $failure = Get-Failure { Start-Rollout docker/x -Image x:1 -NoWait -Strategy Canary -Step @{ Weight = '20%' }, @{ Check = New-RolloutHealthCheck -ScriptBlock { $true } } }
        $failure.FullyQualifiedErrorId | Should -BeLike 'ScriptNeedsWait,*'
    }
    It 'runs out of its JSON too' {
        $json = New-RolloutHealthCheck -ScriptBlock { $_.Target -eq 'docker/x' } | ConvertTo-Json
        $check = [Rollout.ScriptHealthCheck]@{ Name = 'script'; Script = ($json | ConvertFrom-Json).Script }
        ($rollout | Test-RolloutHealth -Check $check).Verdict | Should -Be Healthy
    }
}

Describe 'Test-RolloutHealth' {
    It 'explains itself as a list' {
        $health = $rollout | Test-RolloutHealth -Command /bin/sh -ArgumentList '-c', 'echo the basket is empty; exit 3'
        $health.Verdict | Should -Be Unhealthy
        $text = $health | Format-List | Out-String -Width 120
        $text | Should -BeLike '*/bin/sh (Command): Unhealthy*exit code 3*the basket is empty*wanted: exit code 0*'
    }
    It 'keeps each verdict on the rollout' {
        $decision = ($rollout | Test-RolloutHealth -Command /bin/true).Rollout.Decisions[-1]
        $decision.Action, $decision.Verdict, $decision.Query, $decision.Threshold, $decision.Samples | Should -Be Checked, Healthy, /bin/true, 'exit code 0', 1
    }
    It 'is Inconclusive where Prometheus is down, and what the user says otherwise' {
        ($rollout | Test-RolloutHealth @metrics -ErrorRateBelow 1% -Interval 0).Verdict | Should -Be Inconclusive
        ($rollout | Test-RolloutHealth @metrics -ErrorRateBelow 1% -Interval 0 -OnError Fail).Verdict | Should -Be Unhealthy
        ($rollout | Test-RolloutHealth @metrics -ErrorRateBelow 1% -Interval 0 -OnError Pass).Verdict | Should -Be Healthy
    }
    It 'looks at a port' {
        ($rollout | Test-RolloutHealth -Tcp 127.0.0.1:1 -Interval 0).Checks.Message | Should -BeLike '*connection refused'
    }
    It 'takes checks that were made before, together with others' {
        ($rollout | Test-RolloutHealth -Check (New-RolloutHealthCheck -Command /bin/true) -ScriptBlock { $true }).Checks.Kind | Should -Be Command, Script
    }
}
