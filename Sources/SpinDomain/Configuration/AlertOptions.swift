/// When a run tells that something is wrong with it: the `alerts` section.
///
/// Limits are for the mean of an iteration's last steps; nil (null on the wire) never alerts.
public struct AlertOptions: Sendable, Equatable {
    /// Pairs whose gradient has nearly vanished.
    public var saturatedFraction: Double? = 0.9
    /// Pairs whose generated response is the actual one, so that there is nothing to learn.
    public var identicalFraction: Double? = 0.5
    /// A loss below this, an accuracy above the next one and a *negative* reward of the actual
    /// responses together are a collapse: ln 2 is the loss of a policy that has learnt nothing.
    public var collapseLoss: Double? = 0.35
    public var collapseAccuracy: Double? = 0.9
    /// Nats a response of KL(reference policy‖policy), as the negative reward of the generated
    /// responses estimates it.
    public var kl: Double?
    /// Nats a token by which an iteration may make the validation loss worse.
    public var validationRise: Double? = 0

    public init() {}

    public var json: JSONValue {
        [
            "saturated_fraction": JSONValue(saturatedFraction),
            "identical_fraction": JSONValue(identicalFraction),
            "collapse_loss": JSONValue(collapseLoss), "collapse_acc": JSONValue(collapseAccuracy),
            "kl": JSONValue(kl), "validation_rise": JSONValue(validationRise),
        ]
    }
}
