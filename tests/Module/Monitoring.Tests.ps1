# The chain by a live Prometheus, which finds a rollout's containers by the engine and scrapes them.
BeforeDiscovery { $NoMonitoring = -not $env:ROLLOUT_TEST_PROMETHEUS -or -not (docker version --format ok 2>$null) }

BeforeAll {
    . $PSScriptRoot/TestSetup.ps1

    # A service whose requests, a hundred more at each scrape, fail in so many of a hundred.
    function New-MeasuredImage([string] $Version, [int] $Failing = 0) {
        $path = New-TestContext "$TestDrive/measured-$Version" $Version
        New-Item $path/site/cgi-bin -ItemType Directory -Force | Out-Null
        Set-Content $path/site/cgi-bin/metrics @"
#!/bin/busybox sh
n=0
[ -f /site/n ] && read n < /site/n
n=`$((n + 1))
echo `$n > /site/n
printf 'Content-Type: text/plain\r\n\r\n'
echo "http_requests_total{code=\"200\"} `$((n * $(100 - $Failing)))"
echo "http_requests_total{code=\"500\"} `$((n * $Failing))"
"@
        chmod +x $path/site/cgi-bin/metrics
        New-RolloutImage $path -Tag "${Prefix}/measured:$Version"
    }
}

AfterAll { Remove-TestObjects }

Describe 'A rollout by what Prometheus measures' -Skip:$NoMonitoring {
    BeforeAll {
        $target = "docker/$Prefix-measured"
        $metrics = @{
            Prometheus = $env:ROLLOUT_TEST_PROMETHEUS; ErrorRateBelow = '1%'; Selector = 'job="{{name}}", release="{{revision}}"'; Window = '10s'; MinimumRequests = 100; Interval = '1s'
        }
        $check = New-RolloutHealthCheck @metrics
        $first = New-MeasuredImage v1 | Start-Rollout $target -Port 8080 -HealthCheck $check
    }
    It 'is Healthy by it, and says why' {
        $first.Phase | Should -Be Healthy
        $decision = $first.Decisions | Where-Object Query
        $decision.Value, $decision.Threshold, $decision.Verdict | Should -Be '0%', 'below 1%', 'Healthy'
        $decision.Query | Should -BeLike "*job=`"$Prefix-measured`", release=`"1`"*"
    }
    It 'is undone by itself where it finds too many errors' {
        $status = New-MeasuredImage v2 -Failing 20 | Start-Rollout $target -HealthCheck $check -OnFailure Undo -ErrorAction SilentlyContinue -ErrorVariable failures
        $failures[0].FullyQualifiedErrorId | Should -BeLike 'RolloutFailed,*'
        $status.Phase, $status.Reason, $status.Image.Tag | Should -Be Undone, HealthCheckFailed, v1
        ($status.Decisions | Where-Object Query).Value | Should -Be '20%', '0%'
        ($status.Decisions | Where-Object Query).Verdict | Should -Be Unhealthy, Healthy
        (Get-RolloutHistory -Target $target)[0].Verdict | Should -Be Unhealthy
    }
    It 'is undone in a pipeline where it is only looked at afterwards, and kept where it is well' {
        $undone = New-MeasuredImage v3 -Failing 30 | Start-Rollout $target | Test-RolloutHealth @metrics | Undo-Rollout -IfUnhealthy
        $undone.Phase, $undone.Image.Tag | Should -Be Undone, v1
        $kept = New-MeasuredImage v4 | Start-Rollout $target | Test-RolloutHealth -Check $check | Undo-Rollout -IfUnhealthy
        $kept.Phase, $kept.Image.Tag | Should -Be Healthy, v4
    }
}
