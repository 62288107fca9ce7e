# A cluster for the module's tests: the engine tests' in-process one as a process, or the real one that ROLLOUT_TEST_KUBECONFIG names.
# Dot-sourced after TestSetup.ps1.
. $PSScriptRoot/TestProgram.ps1

# Whether the engine's tests, which hold the in-process cluster, are built.
function Get-TestClusterProgram { Get-TestProgram }

# Starts it, and returns what is needed to reach it; its process is ended by Stop-TestCluster.
function Start-TestCluster([string] $Kind) {
    if ($Kind -eq 'real') {
        $config = kubectl config view --raw --flatten -o json --kubeconfig $env:ROLLOUT_TEST_KUBECONFIG | ConvertFrom-Json
        return New-TestClusterAccess $env:ROLLOUT_TEST_KUBECONFIG $config $null
    }

    $kubeconfig = "$TestDrive/kubeconfig-$([guid]::NewGuid().ToString('N'))"
    $program = Start-TestProgram cluster $kubeconfig
    New-TestClusterAccess $kubeconfig (Get-Content $kubeconfig -Raw | ConvertFrom-Json) $program.Process
}

function New-TestClusterAccess([string] $Kubeconfig, $Config, $Process) {
    @{ Kubeconfig = $Kubeconfig; Config = $Config; Process = $Process; Context = $Config.'current-context' }
}

function Stop-TestCluster($Access) {
    if ($Access.Process) { Stop-TestProgram $Access.Process }
}

# One request to the API, past the module.
function Invoke-TestCluster($Access, [string] $Method, [string] $Path, $Body, [string] $Context = $Access.Context) {
    $json = ConvertTo-Json $Body -Depth 20 -Compress
    if (-not $Access.Process) { return Invoke-Kubectl $Access $Method $Path $json }
    $named = $Access.Config.contexts | Where-Object name -eq $Context
    $server = ($Access.Config.clusters | Where-Object name -eq $named.context.cluster).cluster.server
    $token = ($Access.Config.users | Where-Object name -eq $named.context.user).user.token
    $content = $Body ? @{ Body = $json; ContentType = $Method -eq 'PATCH' ? 'application/merge-patch+json' : 'application/json' } : @{}
    Invoke-RestMethod "$server$Path" -Method $Method -Headers @{ Authorization = "Bearer $token" } -SkipCertificateCheck @content
}

function Invoke-Kubectl($Access, [string] $Method, [string] $Path, [string] $Json) {
    $answer = switch ($Method) {
        GET { kubectl get --raw $Path --kubeconfig $Access.Kubeconfig }
        POST { $Json | kubectl create --raw $Path -f - --kubeconfig $Access.Kubeconfig }
        DELETE { kubectl delete --raw $Path --kubeconfig $Access.Kubeconfig }
        PATCH {
            $parts = $Path -split '/'
            kubectl patch -n $parts[5] $parts[6] $parts[7] --type merge -p $Json -o json --kubeconfig $Access.Kubeconfig
        }
    }
    if ($LASTEXITCODE -ne 0) { throw "kubectl $Method $Path failed." }
    $answer | ConvertFrom-Json
}

# A workload of its own with one container, its controller's first rollout done.
function New-TestWorkload($Access, [string] $Name, [string] $Namespace, [string] $Kind = 'deployment', [string] $Image = '127.0.0.1:1/app:v1', [int] $Replicas = 2, [hashtable] $Metadata = @{}, [string[]] $Containers = 'main', [string] $Context = $Access.Context) {
    $spec = @{
        selector = @{ matchLabels = @{ app = $Name } }
        template = @{
            metadata = @{ labels = @{ app = $Name } }
            spec     = @{ terminationGracePeriodSeconds = 1; containers = @($Containers | ForEach-Object { @{ name = $_; image = $Image; readinessProbe = @{ tcpSocket = @{ port = 80 } } } }) }
        }
    }
    if ($Kind -ne 'daemonset') { $spec.replicas = $Replicas }
    if ($Kind -eq 'statefulset') { $spec.serviceName = $Name }
    $path = "/apis/apps/v1/namespaces/$Namespace/${Kind}s"
    Invoke-TestCluster $Access POST $path @{ apiVersion = 'apps/v1'; kind = @{ deployment = 'Deployment'; statefulset = 'StatefulSet'; daemonset = 'DaemonSet' }[$Kind]; metadata = @{ name = $Name } + $Metadata; spec = $spec } $Context | Out-Null
    $place = @{ Namespace = $Namespace; Kubeconfig = $Access.Kubeconfig; Context = $Context }
    Wait-Rollout "$Kind/$Name" @place -TimeoutSec 60 | Out-Null
}

# The kind of Argo's Rollouts, where it is not there yet: any spec and status. It stays, as others may use it.
function Install-TestArgo($Access) {
    $anything = @{ type = 'object'; 'x-kubernetes-preserve-unknown-fields' = $true }
    $version = @{
        name = 'v1alpha1'; served = $true; storage = $true; subresources = @{ status = @{} }
        schema = @{ openAPIV3Schema = @{ type = 'object'; properties = @{ spec = $anything; status = $anything } } }
    }
    $definition = @{
        apiVersion = 'apiextensions.k8s.io/v1'; kind = 'CustomResourceDefinition'; metadata = @{ name = 'rollouts.argoproj.io' }
        spec       = @{ group = 'argoproj.io'; scope = 'Namespaced'; names = @{ kind = 'Rollout'; listKind = 'RolloutList'; plural = 'rollouts'; singular = 'rollout' }; versions = @($version) }
    }
    if (-not (kubectl get crd rollouts.argoproj.io --ignore-not-found -o name --kubeconfig $Access.Kubeconfig)) {
        ConvertTo-Json $definition -Depth 20 | kubectl create -f - --kubeconfig $Access.Kubeconfig | Out-Null
    }
    kubectl wait --for condition=established crd/rollouts.argoproj.io --timeout 30s --kubeconfig $Access.Kubeconfig | Out-Null
}
