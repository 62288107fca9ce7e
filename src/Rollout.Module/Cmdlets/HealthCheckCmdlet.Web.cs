using System.Collections;
using System.Management.Automation;
using System.Net;
using System.Security;
using System.Text;
using Rollout.Module.Literals;

namespace Rollout.Module.Cmdlets;

// What is asked of the service itself, and how the servers that are asked are trusted and logged in to.
public abstract partial class HealthCheckCmdlet
{
    /// <summary>The address to GET.</summary>
    [Parameter(Position = 0)]
    [Address]
    public Uri? Uri { get; set; }

    /// <summary>The statuses that are good; 200 to 299 where none is given.</summary>
    [Parameter]
    [ValidateRange(100, 599)]
    public int[] ExpectStatus { get; set; } = [];

    /// <summary>Headers that the answer must have, each with a regular expression for its value.</summary>
    [Parameter]
    public Hashtable ExpectHeader { get; set; } = [];

    /// <summary>A regular expression that the body must match.</summary>
    [Parameter]
    public string? ExpectBody { get; set; }

    /// <summary>Headers to send to -Uri, or where there is none to -Prometheus. Their values are never shown.</summary>
    [Parameter]
    public Hashtable Header { get; set; } = [];

    /// <summary>The login for -Prometheus. It is never shown.</summary>
    [Parameter]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <summary>The bearer token for -Prometheus. It is never shown.</summary>
    [Parameter]
    public SecureString? Token { get; set; }

    /// <summary>The PEM file of the authority that the servers' certificates are signed by.</summary>
    [Parameter]
    public string? CertificateAuthority { get; set; }

    /// <summary>Takes any certificate.</summary>
    [Parameter]
    public SwitchParameter SkipCertificateCheck { get; set; }

    private IEnumerable<RolloutHealthCheck> WebChecks()
    {
        if (Uri is null) yield break;
        yield return Trusting(new HttpHealthCheck
        {
            Name = WebHealthCheck.Shown(Uri),
            Uri = Uri,
            ExpectStatus = ExpectStatus,
            ExpectHeader = Texts(ExpectHeader),
            ExpectBody = Text(ExpectBody),
        }.WithHeaders(Texts(Header)));
    }

    /// <summary>A login for monitoring goes to monitoring alone, never to the service that is looked at.</summary>
    private WebHealthCheck ForMonitoring(WebHealthCheck check)
    {
        var headers = Uri is null ? new Dictionary<string, string>(Texts(Header)) : [];
        if (Credential is { } login) headers["Authorization"] = $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{login.UserName}:{login.GetNetworkCredential().Password}"))}";
        if (Token is { } token) headers["Authorization"] = $"Bearer {new NetworkCredential("", token).Password}";
        return Trusting(headers.Count == 0 ? check : check.WithHeaders(headers));
    }

    private WebHealthCheck Trusting(WebHealthCheck check) => check with
    {
        CertificateAuthority = Text(CertificateAuthority) is { } path ? FileSystemPath(path) : null,
        SkipCertificateCheck = SkipCertificateCheck,
    };
}
