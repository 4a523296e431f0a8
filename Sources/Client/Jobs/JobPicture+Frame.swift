import SpinDomain

extension JobPicture {
    private static let longestChart = 60

    /// The picture as lines of a terminal; never more than fit.
    public func frame(width: Int, height: Int) -> [StyledLine] {
        var lines = [title, progress(width)] + [phase].compactMap(\.self)
        let charts = charts(width)
        if !charts.isEmpty { lines += [StyledLine("")] + charts }
        // An empty line, the log, an empty line, the foot.
        let room = height - lines.count - 3
        if room > 0, !events.isEmpty {
            lines += [StyledLine("")] + events.suffix(min(8, room)).map(Self.logLine)
        }
        return Array((lines + [StyledLine(""), foot]).suffix(max(1, height)))
    }

    private var title: StyledLine {
        StyledLine(
            (job.name, .bold), ("  \(job.id)  ", .dim), (job.statusText, Self.style(job)),
            (job.statusDetail.map { ": " + $0 } ?? "", .plain))
    }

    private static func style(_ job: JobState) -> StyledLine.Style {
        switch job.status {
        case .succeeded, .running: .green
        case .failed: .red
        case .paused, .waiting, .cancelled: .yellow
        case .queued: .cyan
        }
    }

    private func progress(_ width: Int) -> StyledLine {
        let progress = job.progress
        let left = progress.secondsRemaining.map { ", \(Quantity.duration($0)) left" } ?? ""
        let text =
            " \(Quantity.percent(progress.fraction))  step \(progress.stepText), "
            + "iteration \(progress.iteration) of \(progress.iterations)\(left)"
        let bar = Chart.bar(progress.fraction, width: max(5, min(40, width - text.count - 2)))
        return StyledLine(("[", .dim), (bar, .green), ("]", .dim), (text, .plain))
    }

    /// What a running job does just now.
    private var phase: StyledLine? {
        guard job.status == .running, let phase = job.progress.phase else { return nil }
        let (done, total) = job.progress.rollout
        let part = phase == "rollout" && total > 0 ? " \(done)/\(total)" : ""
        let speed = job.progress.tokensPerSecond.map {
            ", \(Quantity.number($0.rounded())) tokens/s"
        }
        return StyledLine((phase + part + (speed ?? ""), .plain))
    }

    private func charts(_ width: Int) -> [StyledLine] {
        series.map { series in
            let columns = min(Self.longestChart, width - 34)
            return StyledLine(
                (series.name.padded(20), .plain),
                (Quantity.number(series.last).padded(12), .bold),
                (Chart.sparkline(series.values, width: columns), .cyan))
        }
    }

    private static func logLine(_ event: JSONValue) -> StyledLine {
        let style: StyledLine.Style =
            switch event["level"]?.string {
            case "error": .red
            case "warning": .yellow
            default: .dim
            }
        return StyledLine((Self.line(event), style))
    }

    private var foot: StyledLine {
        if let trouble { return StyledLine(("\(trouble); trying again …", .yellow)) }
        if job.status.isFinal || job.waitsForSomebody {
            return StyledLine(("next: " + (job.nextCommand ?? "spind list"), .plain))
        }
        return StyledLine(("\(address)  Ctrl-C leaves the job alone", .dim))
    }
}
