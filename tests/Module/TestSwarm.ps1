# A swarm of one node for the module's tests, which an engine of their own manages. Dot-sourced after TestSetup.ps1.
. $PSScriptRoot/TestProgram.ps1

# Whether all is there that such an engine needs.
function Test-SwarmCanRun {
    $programs = 'dockerd', 'containerd', 'ip', 'docker', 'busybox' | Where-Object { -not (Get-Command $_ -CommandType Application -ErrorAction Ignore) }
    -not $programs -and (id -u) -eq 0 -and [bool](Get-TestProgram)
}

function Start-TestSwarm {
    $program = Start-TestProgram swarm
    @{ Process = $program.Process; DockerHost = $program.Line }
}

function Stop-TestSwarm($Swarm) { Stop-TestProgram $Swarm.Process 60000 }

# An image of the swarm's engine that does what a shell's words say.
function New-SwarmImage($Swarm, [string] $Tag, [string] $Does = 'sleep 3600') {
    $context = New-TestContext "$TestDrive/swarm-$Tag" $Tag (ConvertTo-Json @('/bin/busybox', 'sh', '-c', $Does) -Compress)
    New-RolloutImage $context -Tag "localhost/swarm-shop:$Tag" -DockerHost $Swarm.DockerHost
}

# A service of two tasks, as a user creates it.
function New-SwarmService($Swarm, [string] $Name, $Image) {
    docker -H $Swarm.DockerHost service create --detach --quiet --no-resolve-image --name $Name --replicas 2 --env PASSWORD=swordfish `
        --restart-delay 100ms --update-monitor 2s --update-delay 200ms $Image.Reference | Out-Null
}

function Get-SwarmService($Swarm, [string] $Name) { docker -H $Swarm.DockerHost service inspect $Name | ConvertFrom-Json }

# The ids of its tasks that run.
function Get-SwarmTask($Swarm, [string] $Name) { docker -H $Swarm.DockerHost service ps $Name --no-trunc --filter desired-state=running --format '{{.ID}}' }
