BeforeAll {
    . $PSScriptRoot/TestSetup.ps1

    # Needs the engine, and no Docker: the engine's parser refuses the target.
    $UseEngine = '$(try { Get-Rollout nonsense/x -ErrorAction Stop } catch { $_.FullyQualifiedErrorId -replace ",.*" })'

    # An assembly that calls itself as a dependency of the engine does, as another module would bring it.
    $Decoy = "$TestDrive/YamlDotNet.dll"
    Invoke-Fresh "Add-Type -TypeDefinition 'namespace Decoy { public static class Marker { public static string Name => `"decoy`"; } }' -OutputAssembly '$Decoy'" | Out-Null
    $LoadDecoy = "[void][Reflection.Assembly]::LoadFrom('$Decoy')"
    $EngineYaml = '([Runtime.Loader.AssemblyLoadContext]::All | Where-Object Name -eq Rollout.Engine).LoadFromAssemblyName("YamlDotNet").GetType("YamlDotNet.Serialization.DeserializerBuilder").FullName'
}

Describe 'Loading' {
    It 'works from <_>' -ForEach '$Staged', '"$Root/Rollout.psd1"' {
        Invoke-Fresh "Import-Module $_; $UseEngine" | Should -Be InvalidTarget
    }

    It 'loads no engine before a cmdlet needs it' {
        Invoke-Fresh 'Import-Module $Staged; [AppDomain]::CurrentDomain.GetAssemblies().GetName().Name -contains "Rollout.Engine"' | Should -Be False
    }

    It 'works when imported twice' {
        Invoke-Fresh "Import-Module `$Staged; $UseEngine; Import-Module `$Staged; $UseEngine" | Should -Be InvalidTarget, InvalidTarget
    }

    It 'works when imported again with -Force, <_> the engine was used' -ForEach 'before', 'after' {
        $first = if ($_ -eq 'after') { $UseEngine } else { '"InvalidTarget"' }
        Invoke-Fresh "Import-Module `$Staged; $first; Import-Module `$Staged -Force; $UseEngine" | Should -Be InvalidTarget, InvalidTarget
    }

    It 'works when removed and imported again, <_> the engine was used' -ForEach 'before', 'after' {
        $first = if ($_ -eq 'after') { $UseEngine } else { '"InvalidTarget"' }
        Invoke-Fresh "Import-Module `$Staged; $first; Remove-Module Rollout; Import-Module `$Staged; $UseEngine" | Should -Be InvalidTarget, InvalidTarget
    }

    It 'works in a second runspace, also when the first has removed it' {
        Invoke-Fresh @"
Import-Module `$Staged
`$second = [powershell]::Create()
[void]`$second.AddScript("Import-Module '`$Staged'").Invoke()
Remove-Module Rollout
`$second.Commands.Clear()
`$second.AddScript({ $UseEngine }).Invoke()
"@ | Should -Be InvalidTarget
    }

    It 'works in ForEach-Object -Parallel' {
        Invoke-Fresh "Import-Module `$Staged; 1..4 | ForEach-Object -Parallel { Import-Module `$using:Staged; $UseEngine }" |
            Should -Be (@('InvalidTarget') * 4)
    }

    It 'keeps its own YamlDotNet beside another module''s that came first' {
        Invoke-Fresh "$LoadDecoy; Import-Module `$Staged; $UseEngine; $EngineYaml; [Decoy.Marker]::Name" |
            Should -Be InvalidTarget, YamlDotNet.Serialization.DeserializerBuilder, decoy
    }

    It 'leaves another module its own YamlDotNet that comes later' {
        Invoke-Fresh "Import-Module `$Staged; $UseEngine; $EngineYaml; $LoadDecoy; [Decoy.Marker]::Name" |
            Should -Be InvalidTarget, YamlDotNet.Serialization.DeserializerBuilder, decoy
    }

    It 'shares the public types with PowerShell' {
        Invoke-Fresh 'Import-Module $Staged; [Rollout.ImageReference]::Parse("nginx").ToString()' | Should -Be docker.io/library/nginx
    }

    It 'keeps the engine''s dependencies out of PowerShell''s own load context' {
        Invoke-Fresh "Import-Module `$Staged; $UseEngine | Out-Null; [Runtime.Loader.AssemblyLoadContext]::Default.Assemblies.GetName().Name -match '^(Rollout\.Engine|YamlDotNet|Polly|Google|NuGet)'" |
            Should -BeNullOrEmpty
    }

    It 'compiles nothing of its own at the first call, where it is compiled ahead' {
        $assembly = [IO.File]::OpenRead("$(Split-Path $Staged)/Rollout.Module.dll")
        $isAhead = [Reflection.PortableExecutable.PEReader]::new($assembly).PEHeaders.CorHeader.ManagedNativeHeaderDirectory.Size -gt 0
        $assembly.Dispose()
        if (-not $isAhead -or -not $IsLinux -or [Runtime.InteropServices.RuntimeInformation]::OSArchitecture -ne 'X64') { Set-ItResult -Skipped -Because 'it is staged without' }

        # Its exit code says nothing: a runtime that lists what it compiles may fail when it closes the list.
        $list = "$TestDrive/jit"
        $script = "Import-Module '$Staged'; Get-Rollout docker/none -ErrorAction Ignore"
        /usr/bin/env DOTNET_JitStdOutFile=$list DOTNET_JitDisasmSummary=1 DOTNET_TieredCompilation=0 pwsh -NoProfile -NonInteractive -Command $script *> $null
        Get-Content $list | Should -Not -BeNullOrEmpty
        Get-Content $list | Where-Object { $_ -match 'JIT compiled Rollout\.' } | Should -BeNullOrEmpty
    }
}

Describe 'The manifest' {
    It 'has the version of the build' {
        (Import-PowerShellDataFile "$Root/Rollout.psd1").ModuleVersion | Should -Be $Version
        (Import-PowerShellDataFile $Staged).ModuleVersion | Should -Be $Version
    }

    It 'exports every cmdlet of the assembly, and nothing else' {
        $inAssembly = [Reflection.Assembly]::LoadFrom("$(Split-Path $Staged)/Rollout.Module.dll").ExportedTypes |
            ForEach-Object { $_.GetCustomAttributes([System.Management.Automation.CmdletAttribute], $false) } |
            ForEach-Object { "$($_.VerbName)-$($_.NounName)" } | Sort-Object
        (Import-PowerShellDataFile $Staged).CmdletsToExport | Should -Be $inAssembly
        (Get-Command -Module Rollout).CommandType | Sort-Object -Unique | Should -Be Cmdlet
    }

    It 'is a valid manifest' {
        Test-ModuleManifest $Staged -ErrorAction Stop | Select-Object -ExpandProperty Name | Should -Be Rollout
    }

    It 'uses approved verbs alone' {
        Get-Command -Module Rollout | Where-Object Verb -NotIn (Get-Verb).Verb | Should -BeNullOrEmpty
    }
}
