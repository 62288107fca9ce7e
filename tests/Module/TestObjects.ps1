# A rollout's snapshot that no engine made. Only the engine may make one; so this goes past the compiler's rules.
function New-TestStatus([hashtable] $With = @{}) {
    $status = [Activator]::CreateInstance([Rollout.RolloutStatus], $true)
    $values = @{ Target = 'docker/x'; Kind = 'docker'; Name = 'x'; Platform = 'Docker'; Phase = 'Healthy'; Endpoint = [Rollout.RolloutEndpoint]@{ DockerHost = 'unix:///x.sock' } }
    foreach ($name in $With.Keys) { $values[$name] = $With[$name] }
    foreach ($name in $values.Keys) { $status.$name = $values[$name] }
    $status
}
