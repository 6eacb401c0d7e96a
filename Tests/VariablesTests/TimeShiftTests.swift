import Testing
import Variables

@Suite("Shifts of civil times") struct TimeShiftTests {
    private func shifted(_ text: String, _ shift: TimeShift) throws -> [Int]? {
        try #require(CivilTime(exif: text)).shifted(by: shift).map { [$0.year, $0.month, $0.day, $0.hour, $0.minute, $0.second] }
    }

    @Test("Months end where they end, leap years included")
    func months() throws {
        #expect(try shifted("2024:01:31 12:00:00", TimeShift(months: 1)) == [2024, 2, 29, 12, 0, 0])
        #expect(try shifted("2023:01:31 12:00:00", TimeShift(months: 1)) == [2023, 2, 28, 12, 0, 0])
        #expect(try shifted("2024:02:29 12:00:00", TimeShift(years: 1)) == [2025, 2, 28, 12, 0, 0])
        #expect(try shifted("2000:03:31 00:00:00", TimeShift(months: -1)) == [2000, 2, 29, 0, 0, 0])
        #expect(try shifted("1900:03:31 00:00:00", TimeShift(months: -1)) == [1900, 2, 28, 0, 0, 0])
        #expect(try shifted("2024:01:15 00:00:00", TimeShift(months: -13)) == [2022, 12, 15, 0, 0, 0])
        #expect(try shifted("2024:12:15 00:00:00", TimeShift(years: -1, months: 1)) == [2024, 1, 15, 0, 0, 0])
    }

    @Test("Days and seconds carry over, before 1970 too")
    func seconds() throws {
        #expect(try shifted("2023:12:31 23:59:59", TimeShift(seconds: 1)) == [2024, 1, 1, 0, 0, 0])
        #expect(try shifted("1970:01:01 00:00:00", TimeShift(seconds: -1)) == [1969, 12, 31, 23, 59, 59])
        #expect(try shifted("1900:03:01 00:30:00", TimeShift(hours: -1)) == [1900, 2, 28, 23, 30, 0])
        #expect(try shifted("1600:03:01 00:00:00", TimeShift(days: -1)) == [1600, 2, 29, 0, 0, 0])
        #expect(try shifted("2024:05:31 17:08:09", TimeShift(days: 400, hours: -30, minutes: 61, seconds: -5)) == [2025, 7, 4, 12, 9, 4])
    }

    @Test("What leaves the calendar has no result")
    func bounds() throws {
        #expect(try shifted("9999:12:31 23:59:59", TimeShift(seconds: 1)) == nil)
        #expect(try shifted("0001:01:01 00:00:00", TimeShift(years: -2)) == nil)
        #expect(try shifted("2024:01:01 00:00:00", TimeShift(days: .max)) == nil)
        #expect(try shifted("2024:01:01 00:00:00", TimeShift(years: .min)) == nil)
        #expect(try shifted("2023:02:29 00:00:00", TimeShift(years: 1)) == [2024, 2, 29, 0, 0, 0])
    }

    @Test("Seconds since 1970 go both ways")
    func seconds1970() {
        for seconds in stride(from: Int64(-62_000_000_000), through: 250_000_000_000, by: 1_234_567_891) {
            #expect(CivilTime(secondsSince1970: seconds).secondsSince1970 == seconds)
        }
        #expect(CivilTime(year: 2023, month: 2, day: 29) == nil && CivilTime(year: 2024, month: 2, day: 29) != nil)
    }
}
