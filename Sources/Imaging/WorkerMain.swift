public enum WorkerMain {
    public static func run() -> Int32 { 0 }
}
