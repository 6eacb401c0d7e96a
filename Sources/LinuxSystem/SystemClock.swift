internal import Glibc

/// The clocks of this machine; only shells read them.
public enum SystemClock {
    /// Milliseconds of a clock that never jumps, counted from an unknown start.
    public static func monotonicMilliseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1000 + UInt64(time.tv_nsec) / 1_000_000
    }

    /// Microseconds of the same clock.
    public static func monotonicMicroseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1_000
    }

    /// Milliseconds since 1970 UTC.
    public static func epochMilliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// Minutes since midnight by this machine's own time of day.
    public static func localMinuteOfDay() -> Int {
        var seconds = time(nil)
        var parts = tm()
        localtime_r(&seconds, &parts)
        return Int(parts.tm_hour) * 60 + Int(parts.tm_min)
    }
}

/// Waiting without doing anything.
public enum Pause {
    public static func milliseconds(_ milliseconds: UInt32) { usleep(milliseconds * 1000) }
}
