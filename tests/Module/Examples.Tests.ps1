# The examples' scripts, each in a PowerShell of its own, on the in-process cluster. The quickstart runs by itself: examples/quickstart/run.sh.
BeforeDiscovery {
    . $PSScriptRoot/TestCluster.ps1
    $NoCluster = -not (Get-TestClusterProgram)
    $NoRegistry = $NoCluster -or -not $env:ROLLOUT_TEST_REGISTRY
}

Describe 'The examples of a cluster' -Skip:$NoCluster {
    BeforeAll {
        . $PSScriptRoot/TestSetup.ps1
        . $PSScriptRoot/TestCluster.ps1
        $cluster = Start-TestCluster in-process
        $space = "pester-$([guid]::NewGuid().ToString('N').Substring(0, 8))"
        Invoke-TestCluster $cluster POST /api/v1/namespaces @{ metadata = @{ name = $space } } | Out-Null

        # Runs an example; its exit code is in $LASTEXITCODE.
        function Invoke-Example([string] $Name, [string[]] $Arguments) {
            $saved = $env:KUBECONFIG
            $env:KUBECONFIG = $cluster.Kubeconfig
            try {
                pwsh -NoProfile -NonInteractive -File "$Root/examples/kubernetes/$Name" @Arguments 2>&1 | Out-String -Width 200
            } finally {
                $env:KUBECONFIG = $saved
            }
        }

        function Get-RunningImage([string] $Target) { "$((Get-Rollout $Target -Namespace $space -Kubeconfig $cluster.Kubeconfig).Image)" }

        # A list of services, and the images that they are to get.
        function New-List([hashtable] $Images) {
            $Images.Keys | ForEach-Object { [pscustomobject] @{ Target = $_; Namespace = $space; Container = 'main'; Image = $Images[$_] } } | Export-Csv "$TestDrive/services.csv"
            "$TestDrive/services.csv"
        }
    }

    AfterAll {
        if ($cluster) { Stop-TestCluster $cluster }
    }

    It 'brings a whole list to its versions' {
        'web', 'api' | ForEach-Object { New-TestWorkload $cluster $_ $space }
        $list = New-List @{ 'deployment/web' = '127.0.0.1:1/app:v2'; 'deployment/api' = '127.0.0.1:1/app:v3' }

        $told = Invoke-Example Update-Fleet.ps1 '-Path', $list, '-WhatIf'
        $LASTEXITCODE | Should -Be 0 -Because $told
        Get-RunningImage deployment/web | Should -Be 127.0.0.1:1/app:v1

        $told = Invoke-Example Update-Fleet.ps1 '-Path', $list
        $LASTEXITCODE | Should -Be 0 -Because $told
        Get-RunningImage deployment/web | Should -Be 127.0.0.1:1/app:v2
        Get-RunningImage deployment/api | Should -Be 127.0.0.1:1/app:v3
    }

    It 'says that one of a list failed, which is taken back, and brings the others' {
        'good', 'broken' | ForEach-Object { New-TestWorkload $cluster $_ $space }
        $list = New-List @{ 'deployment/good' = '127.0.0.1:1/app:v2'; 'deployment/broken' = '127.0.0.1:1/app:crash' }

        $told = Invoke-Example Update-Fleet.ps1 '-Path', $list
        $LASTEXITCODE | Should -Be 1 -Because $told
        $told | Should -BeLike '*deployment/broken*'
        Get-RunningImage deployment/good | Should -Be 127.0.0.1:1/app:v2
        Get-RunningImage deployment/broken | Should -Be 127.0.0.1:1/app:v1
    }

    It 'releases from source in steps' -Skip:$NoRegistry {
        New-TestWorkload $cluster shop $space
        $source = New-TestContext "$TestDrive/shop"

        $told = Invoke-Example Release.ps1 '-Source', $source, '-Image', "$Registry/$Prefix/shop:v9", '-Target', 'deployment/shop', '-Namespace', $space, '-Step', '50%,check'
        $LASTEXITCODE | Should -Be 0 -Because $told
        Get-RunningImage deployment/shop | Should -BeLike "$Registry/$Prefix/shop:v9@sha256:*"
    }

    It 'tells a release that was taken back from one that could not begin' -Skip:$NoRegistry {
        New-TestWorkload $cluster kept $space
        $source = New-TestContext "$TestDrive/kept"

        $told = Invoke-Example Release.ps1 '-Source', $source, '-Image', "$Registry/$Prefix/shop:crash", '-Target', 'deployment/kept', '-Namespace', $space, '-Step', '50%,check'
        $LASTEXITCODE | Should -Be 2 -Because $told
        Get-RunningImage deployment/kept | Should -Be 127.0.0.1:1/app:v1

        $told = Invoke-Example Release.ps1 '-Source', "$TestDrive/nowhere", '-Image', "$Registry/$Prefix/shop:v9", '-Target', 'deployment/kept', '-Namespace', $space
        $LASTEXITCODE | Should -Be 1 -Because $told
    }
}
