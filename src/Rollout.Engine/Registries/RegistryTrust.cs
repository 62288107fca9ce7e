using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Rollout.Engine.Registries;

/// <summary>
/// Which certificates a registry may show, and which one it is shown: the system's authorities, and what Docker's
/// <c>certs.d/HOST:PORT</c> holds (<c>*.crt</c> authorities, <c>*.cert</c> with <c>*.key</c> client certificates), as the engine reads it.
/// </summary>
internal sealed class RegistryTrust
{
    private readonly RegistryAddress _registry;
    private readonly bool _isInsecure;
    private readonly X509Certificate2Collection _authorities = [];
    private readonly X509Certificate2Collection _clientCertificates = [];

    /// <exception cref="RolloutException">RegistryCertificateUnreadable.</exception>
    public RegistryTrust(RegistryAddress registry, bool isInsecure, string certificatesDirectory)
    {
        _registry = registry;
        _isInsecure = isInsecure;

        var directory = new DirectoryInfo(Path.Combine(certificatesDirectory, registry.Name));
        if (!directory.Exists) return;
        foreach (var file in directory.EnumerateFiles()) Read(file);
    }

    /// <summary>Where the engine has its certificates.</summary>
    public static string DefaultDirectory =>
        OperatingSystem.IsWindows()
            ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "docker", "certs.d")
            : "/etc/docker/certs.d";

    /// <summary>Why the last certificate was refused; null where none was.</summary>
    public string? Refusal { get; private set; }

    public SslClientAuthenticationOptions Options => new()
    {
        RemoteCertificateValidationCallback = Validate,
        LocalCertificateSelectionCallback = (_, host, _, _, _) => IsRegistry(host) && _clientCertificates.Count > 0 ? _clientCertificates[0] : null!,
    };

    private void Read(FileInfo file)
    {
        try
        {
            if (file.Extension == ".crt") _authorities.ImportFromPemFile(file.FullName);
            if (file.Extension == ".cert") _clientCertificates.Add(X509Certificate2.CreateFromPemFile(file.FullName, Path.ChangeExtension(file.FullName, ".key")));
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw RegistryErrors.CertificateUnreadable(file.FullName, unreadable);
        }
    }

    // A redirect leads to other hosts over the same connections; what is the registry's own stays the registry's.
    private bool IsRegistry(string? host) => string.Equals(host, _registry.Https.IdnHost, StringComparison.OrdinalIgnoreCase);

    private bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors problems)
    {
        if (problems == SslPolicyErrors.None) return true;
        var isRegistry = IsRegistry((sender as SslStream)?.TargetHostName);
        if (isRegistry && _isInsecure) return true;
        if (isRegistry && problems == SslPolicyErrors.RemoteCertificateChainErrors && IsOfPrivateAuthority(certificate, chain)) return true;

        Refusal = Describe(problems, chain);
        return false;
    }

    private bool IsOfPrivateAuthority(X509Certificate? certificate, X509Chain? received)
    {
        if (_authorities.Count == 0 || certificate is not X509Certificate2 leaf) return false;

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        foreach (var element in received?.ChainElements ?? Enumerable.Empty<X509ChainElement>()) chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        return chain.Build(leaf);
    }

    private static string Describe(SslPolicyErrors problems, X509Chain? chain)
    {
        if (problems.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable)) return "it shows no certificate";
        if (problems.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)) return "its certificate is for another host name";
        var reasons = chain?.ChainStatus.Select(status => status.StatusInformation.Trim()).Distinct() ?? [];
        return "its certificate is not trusted: " + string.Join("; ", reasons);
    }
}
