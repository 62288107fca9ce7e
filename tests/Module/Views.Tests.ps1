# Every type that a cmdlet emits has a table that fits 80 columns and a list with everything.
BeforeDiscovery {
    . $PSScriptRoot/TestSetup.ps1
    $digest = 'sha256:' + 'a' * 64
    $reference = [Rollout.ImageReference]::Parse("registry.example.com:5000/team/some-service:v1.2.0-rc.1@$digest")
    $endpoint = [Rollout.RolloutEndpoint]@{ DockerHost = 'unix:///var/run/docker.sock' }
    $layer = [Rollout.PublishedLayer]::new($digest, 123456789, 'Existing', $true)
    $decision = [Rollout.RolloutDecision]::new([datetimeoffset]::UnixEpoch, 'Completed', 'Every new replica is healthy and in service behind the router.', 'Healthy')
    $result = [Rollout.HealthCheckResult]@{ Name = 'http://127.0.0.1:8088/healthz'; Kind = 'Http'; Query = 'http://127.0.0.1:8088/healthz'; Value = '200'; Threshold = '200-299'; Samples = 3; Verdict = 'Inconclusive'; Message = 'No verdict after 3 tries.' }
    $status = New-TestStatus @{
        Target = 'compose/some-project/some-service'; Kind = 'compose'; Name = 'some-project/some-service'; Context = 'default'; Image = $reference; PreviousImage = $reference
        Digest = $digest; Revision = 12; Phase = 'Degraded'; Desired = 10; Updated = 9; Ready = 9; Available = 9; Reason = 'RouterNotReachable'; Message = 'The router does not answer.'
        StartedAt = [datetimeoffset]::UnixEpoch; CompletedAt = [datetimeoffset]::UnixEpoch.AddMinutes(2); Decisions = [Rollout.RolloutDecision[]]@($decision); Endpoint = $endpoint
        Namespace = 'n'; Container = 'c'; Step = '1 of 2'
    }
    $labels = [Collections.Generic.Dictionary[string, string]]::new()
    $labels['team'] = 'shop'
    $headers = [Collections.Generic.Dictionary[string, string]]::new()
    $headers['Authorization'] = 'header-secret-31'
    $side = [Rollout.SampleSummary]::new(30, 1, 258.79, ([string][char]0x2585) * 40)
    $metric = [Rollout.MetricJudgement]@{ Name = 'latency'; Group = 'metrics'; Classification = 'High'; Estimate = 51; Lower = 37.0001; Upper = -0.00012345; PValue = 6.22e-8; EffectSize = 1.23105; Canary = $side; Baseline = $side; Message = 'The canary is higher than the baseline: the difference is 51, with 98% confidence from 37 to 67; 30 samples against 30.' }
    $Objects = @(
        $status
        $reference
        [Rollout.RolloutImage]@{ Id = $digest; Reference = $reference; References = [Rollout.ImageReference[]]@($reference); Tags = [string[]]@('a:1', 'b:2'); Size = 240000000; Created = [datetimeoffset]::UnixEpoch; Platform = 'linux/amd64'; Revision = 'abc-dirty'; Labels = $labels; Layers = [string[]]@($digest); Builder = 'Buildx'; Steps = 12; CachedSteps = 10; Duration = [timespan]::FromSeconds(12.3); Endpoint = $endpoint }
        [Rollout.PublishedImage]@{ Reference = $reference; References = [Rollout.ImageReference[]]@($reference); Digest = $digest; MediaType = 'application/vnd.oci.image.manifest.v1+json'; Size = 240000000; Layers = [Rollout.PublishedLayer[]]@($layer); Verified = $true; Duration = [timespan]::FromSeconds(12.3); Endpoint = $endpoint }
        $layer
        [Rollout.RolloutRevision]@{ Target = 'docker/shop'; Namespace = 'n'; Endpoint = $endpoint; Revision = 12; Image = $reference; CreatedAt = [datetimeoffset]::UnixEpoch.AddDays(1); ChangeCause = 'fix of the basket'; Verdict = 'Inconclusive'; Current = $true }
        [Rollout.RolloutHealth]@{ Rollout = $status; Verdict = 'Inconclusive'; Checks = [Rollout.HealthCheckResult[]]@($result); At = [datetimeoffset]::UnixEpoch }
        $result
        [Rollout.EnvironmentCheck]@{ Name = 'Right to patch statefulsets (apps)'; Status = 'Failed'; Message = "It is not granted in 'finance'."; Recommendation = 'Have it granted; docs/rbac.yaml lists what Rollout needs.'; Endpoint = $endpoint }
        $decision
        ([Rollout.HttpHealthCheck]@{ Name = 'site'; Uri = 'http://127.0.0.1:8088/healthz'; ExpectStatus = [int[]]@(200, 204); ExpectBody = 'ok' }).WithHeaders($headers)
        [Rollout.ContainerHealthCheck]@{ Name = 'containers' }
        ([Rollout.PrometheusHealthCheck]@{ Name = 'error rate'; Uri = 'http://127.0.0.1:9090'; Query = 'sum(rate(errors{{selector}}[{{window}}])) / sum(rate(requests{{selector}}[{{window}}]))'; Below = 0.005; Unit = 'Share' }).WithHeaders($headers)
        ([Rollout.BaselineHealthCheck]@{ Name = 'canary'; Uri = 'http://127.0.0.1:9090'; Metrics = [Rollout.BaselineMetric[]]@([Rollout.BaselineMetric]@{ Name = 'errors'; Query = 'sum(rate(errors{role="{{role}}"}[1m]))'; Direction = 'Increase' }) }).WithHeaders($headers)
        $metric
        [Rollout.Judgement]@{ Score = 66.67; Classification = 'Fail'; Message = 'Fail, with a score of 66.7 of 100 (95 passes, 75 is marginal): 2 of 3 metrics pass; latency is High.'; Metrics = [Rollout.MetricJudgement[]]@($metric) }
        ([Rollout.AlertHealthCheck]@{ Name = 'alerts'; Uri = 'http://127.0.0.1:9093'; Matchers = [string[]]@('severity="critical"', 'team=~"shop|basket"') }).WithHeaders($headers)
        [Rollout.RouterHealthCheck]@{ Name = 'router'; ErrorRateBelow = 0.005; LatencyBelow = [timespan]::FromMilliseconds(300); MinimumRequests = 100 }
        [Rollout.SaturationHealthCheck]@{ Name = 'saturation'; Window = [timespan]::FromMinutes(2) }
        [Rollout.TcpHealthCheck]@{ Name = 'db.example.com:5432'; HostName = 'db.example.com'; Port = 5432 }
        ([Rollout.ScriptHealthCheck]@{ Name = 'script'; Script = '$_.Phase -eq "Healthy"' }).WithBlock('header-secret-31')
        [Rollout.CommandHealthCheck]@{ Name = 'smoke'; Command = '/usr/local/bin/smoke-test'; ArgumentList = [string[]]@('--fast'); WorkingDirectory = '/srv' }
    )
    $Cases = $Objects | ForEach-Object { @{ Type = $_.GetType().Name; Object = $_ } }
}

BeforeAll {
    . $PSScriptRoot/TestSetup.ps1
    function Get-Lines($Text) { $Text -split "`n" | ForEach-Object { $_.TrimEnd() } }
}

Describe 'Views of <Type>' -ForEach $Cases {
    It 'has a table that fits 80 columns and cuts nothing off' {
        $table = $Object | Format-Table | Out-String -Width 80
        foreach ($line in Get-Lines $table) { $line.Length | Should -BeLessOrEqual 80 -Because $line }
        $table | Should -Not -Match ([char]0x2026)
        # A column for which there is no room is left out without a word.
        $view = (Get-FormatData $Object.GetType()).FormatViewDefinition.Control | Where-Object { $_ -is [System.Management.Automation.TableControl] }
        $rule = (Get-Lines $table) -match '^[ -]*-+[ -]*$'
        [regex]::Matches($rule, '-+').Count | Should -Be $view.Headers.Count
    }

    It 'has a table whose lines fit their columns, so that none is broken within a word' {
        $view = (Get-FormatData $Object.GetType()).FormatViewDefinition.Control | Where-Object { $_ -is [System.Management.Automation.TableControl] }
        for ($i = 0; $i -lt $view.Headers.Count; $i++) {
            $taken = ($view.Headers | Select-Object -First $i | ForEach-Object { $_.Width + 1 } | Measure-Object -Sum).Sum
            $width = $view.Headers[$i].Width ? $view.Headers[$i].Width : 80 - $taken
            $column = $view.Rows[0].Columns[$i]
            $shown = if ($column.DisplayEntry.ValueType -eq 'Property') { "$($Object.($column.DisplayEntry.Value))" } else { $Object | ForEach-Object ([scriptblock]::Create($column.DisplayEntry.Value)) }
            if ($column.FormatString) { $shown = $column.FormatString -f $Object.($column.DisplayEntry.Value) }
            foreach ($line in "$shown" -split "`n") { $line.Length | Should -BeLessOrEqual $width -Because "'$line' stands under $($view.Headers[$i].Label)" }
        }
    }

    It 'is shown as that table by itself' {
        ($Object | Out-String -Width 80) | Should -Be ($Object | Format-Table | Out-String -Width 80)
    }

    It 'has a list with every property, cut off nowhere' {
        $list = $Object | Format-List | Out-String -Width 80
        foreach ($property in $Object.GetType().GetProperties().Name) { $list | Should -Match "(?m)^$property +:" }
        $list | Should -Not -Match ([char]0x2026)
    }

    It 'shows no secret' {
        $Object | Format-List | Out-String | Should -Not -Match 'header-secret-31'
        $Object | Format-List * | Out-String | Should -Not -Match 'header-secret-31'
        $Object | Format-Table | Out-String | Should -Not -Match 'header-secret-31'
        $Object | ConvertTo-Json -WarningAction Ignore | Should -Not -Match 'header-secret-31'
    }
}

Describe 'A cell' {
    It 'of <Width> breaks <Text> where a reader would' -ForEach @(
        @{ Width = 22; Text = 'deployment/checkout-service-api'; Lines = 'deployment/', 'checkout-service-api' }
        @{ Width = 22; Text = "deployment/shop`n  in finance-production"; Lines = 'deployment/shop', '  in', '  finance-production' }
        @{ Width = 18; Text = 'ProgressDeadlineExceeded'; Lines = 'ProgressDeadline', 'Exceeded' }
        @{ Width = 28; Text = 'team/some-service:v1.2.0-rc.1'; Lines = 'team/', 'some-service:v1.2.0-rc.1' }
        @{ Width = 16; Text = 'http://127.0.0.1:8088/healthz'; Lines = 'http://', '127.0.0.1:8088/', 'healthz' }
        @{ Width = 14; Text = 'fix of the basket'; Lines = 'fix of the', 'basket' }
        @{ Width = 4; Text = 'abcdefghij'; Lines = 'abcd', 'efgh', 'ij' }
        @{ Width = 3; Text = '      abcdef'; Lines = , '      abcdef' }
        @{ Width = 5; Text = 'short'; Lines = , 'short' }
        @{ Width = 5; Text = $null; Lines = , '' }
    ) { [Rollout.Module.Views.Cell]::Fit($Text, $Width) -split "`n" | Should -Be $Lines }

    It 'loses nothing and takes no more than its width, whatever it holds' {
        $random = [Random]::new(17)
        foreach ($try in 1..300) {
            $text = -join (1..$random.Next(1, 60) | ForEach-Object { 'abcXYZ019 /:-._@,'[$random.Next(17)] })
            $width = $random.Next(4, 30)
            $text = $text.TrimStart()
            $lines = [Rollout.Module.Views.Cell]::Fit($text, $width) -split "`n"
            foreach ($line in $lines) { $line.Length | Should -BeLessOrEqual $width }
            ($lines -join '') -replace ' ' | Should -BeExactly ($text -replace ' ')
        }
    }
}

Describe 'Views' {
    It 'are there for every type that a cmdlet emits' -ForEach @{ Types = $Cases.Type } {
        $emitted = (Get-Command -Module Rollout).OutputType.Type | Where-Object Namespace -EQ Rollout | Select-Object -ExpandProperty Name | Sort-Object -Unique
        $emitted | Where-Object { $_ -notin $Types } | Should -BeNullOrEmpty
    }
}
