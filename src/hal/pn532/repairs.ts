/** Repairs that a line needed, counted by kind. A good line needs none. */
export interface Repairs {
  /** Commands that were sent again: no acknowledgement or no response came. */
  resent: number;
  /** Commands that were answered without having been acknowledged. */
  unacknowledged: number;
  /** Responses that were asked for again with NACK. */
  nacks: number;
  /** Frames that arrived with a wrong checksum, or were cut off. */
  damaged: number;
  /** Bytes that belonged to no frame. */
  dropped: number;
  /** Times that the order of commands and answers was lost and found again. */
  resynchronised: number;
  /** Changes of the baud rate that were tried again, and rates at which the chip was looked for. */
  rateTries: number;
}

export type RepairKind = keyof Repairs;

export function noRepairs(): Repairs {
  return { resent: 0, unacknowledged: 0, nacks: 0, damaged: 0, dropped: 0, resynchronised: 0, rateTries: 0 };
}
