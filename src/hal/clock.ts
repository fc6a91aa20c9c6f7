/** Time, by argument: the core has no other. */
export interface Clock {
  /** Monotonic, whole nanoseconds since a point of its own (a safe integer for 104 days). */
  nowNs(): number;
  /** Wall time, whole seconds since 1970-01-01T00:00:00Z; may jump. For certificates, windows shown to people, QR. */
  wallSeconds(): number;
}
