/** Command codes, by the names of the manual. */
export const COMMAND = {
  diagnose: 0x00,
  getFirmwareVersion: 0x02,
  getGeneralStatus: 0x04,
  readRegister: 0x06,
  writeRegister: 0x08,
  readGpio: 0x0c,
  writeGpio: 0x0e,
  setSerialBaudRate: 0x10,
  setParameters: 0x12,
  samConfiguration: 0x14,
  powerDown: 0x16,
  rfConfiguration: 0x32,
  inDataExchange: 0x40,
  inCommunicateThru: 0x42,
  inDeselect: 0x44,
  inListPassiveTarget: 0x4a,
  inPsl: 0x4e,
  inRelease: 0x52,
  inSelect: 0x54,
  inAutoPoll: 0x60,
  tgGetData: 0x86,
  tgGetInitiatorCommand: 0x88,
  tgGetTargetStatus: 0x8a,
  tgInitAsTarget: 0x8c,
  tgSetData: 0x8e,
  tgResponseToInitiator: 0x90,
  tgSetGeneralBytes: 0x92,
  tgSetMetaData: 0x94,
} as const;

/** Flags of SetParameters. */
export const PARAMETER = {
  nadUsed: 0x01,
  didUsed: 0x02,
  autoAtrRes: 0x04,
  autoRats: 0x10,
  iso14443Picc: 0x20,
  removePrePostamble: 0x40,
} as const;

/** Baud rates of the HSU by their index in SetSerialBaudRate. */
export const BAUD_RATES: readonly number[] = [
  9600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600, 1_288_000,
];

/** What is polled for: the BrTy of InListPassiveTarget. */
export const BAUD_TYPE = { a106: 0, felica212: 1, felica424: 2, b106: 3, jewel106: 4 } as const;

/** Flags of TgInitAsTarget's mode. */
export const TARGET_MODE = { passiveOnly: 0x01, depOnly: 0x02, piccOnly: 0x04 } as const;

/** States of TgGetTargetStatus. */
export const TARGET_STATE = {
  released: 0x00,
  activated: 0x01,
  deselected: 0x02,
  piccReleased: 0x80,
  piccActivated: 0x81,
  piccDeselected: 0x82,
} as const;

/** The most data that one InDataExchange, TgGetData or TgSetData carries. */
export const LARGEST_DATA = 262;
