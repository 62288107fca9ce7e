using System.Globalization;

namespace Rollout;

/// <summary>
/// What -Image takes: an image built, published or only named. Converts from those types and from string, and has no public
/// constructor, so that a CSV row or another object never binds as an image by accident.
/// </summary>
public sealed class ImageSource
{
    // What is no reference is kept and refused when it is asked for: PowerShell drops a conversion that fails for an object's property,
    // and the image would count as missing.
    private readonly string? _unparsable;
    private readonly string? _problem;
    private readonly ImageReference? _reference;

    private ImageSource(ImageReference reference, RolloutImage? built, PublishedImage? published)
    {
        _reference = reference;
        Built = built;
        Published = published;
    }

    private ImageSource(string unparsable, string? problem = null) => (_unparsable, _problem) = (unparsable, problem);

    /// <summary>The reference, with its digest where it was published.</summary>
    /// <exception cref="RolloutException">InvalidImageReference: what was given as text is none, or came as a number.</exception>
    public ImageReference Reference => _reference ?? (_problem is null ? ImageReference.Parse(_unparsable!) : throw ImageReference.Unparsable(_unparsable, _problem));

    /// <summary>The local image, where that was given.</summary>
    public RolloutImage? Built { get; }

    /// <summary>The published image, where that was given.</summary>
    public PublishedImage? Published { get; }

    /// <summary>The engine that the given image belongs to; null for a bare reference.</summary>
    public RolloutEndpoint? Endpoint => Published?.Endpoint ?? Built?.Endpoint;

    /// <summary>From a built image.</summary>
    public static implicit operator ImageSource(RolloutImage image) => new(image.Reference, image, null);

    /// <summary>From a published image.</summary>
    public static implicit operator ImageSource(PublishedImage image) => new(image.Reference, null, image);

    /// <summary>From a parsed reference.</summary>
    public static implicit operator ImageSource(ImageReference reference) => new(reference, null, null);

    /// <summary>From a reference as text; empty text counts as absent.</summary>
    public static implicit operator ImageSource?(string? text) =>
        string.IsNullOrWhiteSpace(text) ? null : ImageReference.TryParse(text, out var reference) ? new(reference, null, null) : new(text);

    /// <summary>From a number, which is no image: PowerShell alone would take 5 for docker.io/library/5. Refused when the reference is asked for.</summary>
    public static explicit operator ImageSource(ValueType number) =>
        new(Convert.ToString(number, CultureInfo.InvariantCulture) ?? "", $"it has come as a value of type {number.GetType().Name}, so quote it");

    /// <inheritdoc/>
    public override string ToString() => _reference?.ToString() ?? UserInfo.Hide(_unparsable!);
}
