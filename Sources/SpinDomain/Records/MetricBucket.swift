/// What one metric did over a run of steps whose number is a power of two.
///
/// Extremes, their steps, the sum and the last value are over finite values only; `count` is over
/// all of them.
public struct MetricBucket: Sendable, Equatable {
    /// The bucket holds the steps from `index · width` to before `(index + 1) · width`.
    public var index: Int
    /// Steps that have a value.
    public var count: Int
    /// Values that are infinite or no number.
    public var nonfinite: Int
    public var sum: Double
    public var minimum: Double
    public var maximum: Double
    public var last: Double
    /// The first step that has the minimum.
    public var minimumStep: Int
    public var maximumStep: Int
    public var firstStep: Int
    public var lastStep: Int

    /// The bucket of one value.
    public init(index: Int, step: Int, value: Double) {
        let isFinite = value.isFinite
        self.index = index
        count = 1
        nonfinite = isFinite ? 0 : 1
        sum = isFinite ? value : 0
        minimum = isFinite ? value : .infinity
        maximum = isFinite ? value : -.infinity
        last = isFinite ? value : 0
        minimumStep = step
        maximumStep = step
        firstStep = step
        lastStep = step
    }

    /// A bucket as it was stored.
    public init(
        index: Int, count: Int, nonfinite: Int, sum: Double, minimum: Double, maximum: Double,
        last: Double, minimumStep: Int, maximumStep: Int, firstStep: Int, lastStep: Int
    ) {
        self.index = index
        self.count = count
        self.nonfinite = nonfinite
        self.sum = sum
        self.minimum = minimum
        self.maximum = maximum
        self.last = last
        self.minimumStep = minimumStep
        self.maximumStep = maximumStep
        self.firstStep = firstStep
        self.lastStep = lastStep
    }

    /// Whether there are extremes, a mean and a last value.
    public var hasFinite: Bool { count > nonfinite }

    /// Of the finite values; nil when there is none, or when their sum is out of range.
    public var mean: Double? {
        let mean = sum / Double(count - nonfinite)
        return mean.isFinite ? mean : nil
    }

    /// Takes in a bucket of later steps.
    public mutating func merge(_ later: MetricBucket) {
        if later.minimum < minimum {
            minimum = later.minimum
            minimumStep = later.minimumStep
        }
        if later.maximum > maximum {
            maximum = later.maximum
            maximumStep = later.maximumStep
        }
        if later.hasFinite { last = later.last }
        sum += later.sum
        count += later.count
        nonfinite += later.nonfinite
        lastStep = later.lastStep
    }
}

extension [MetricBucket] {
    /// The same in buckets that are 2^shift times as wide.
    public func folded(by shift: Int) -> [MetricBucket] {
        guard shift > 0 else { return self }
        var wide: [MetricBucket] = []
        for bucket in self {
            if let last = wide.indices.last, wide[last].index == bucket.index >> shift {
                wide[last].merge(bucket)
            } else {
                wide.append(bucket)
                wide[wide.count - 1].index = bucket.index >> shift
            }
        }
        return wide
    }
}
