/**
 * `vitap/hal`: the interfaces of the ground floor, and every driver of them. Importing it loads no native module
 * (nfc-pcsc, koffi, serialport): a driver loads its own when it opens something, and fails with `unsupported` then.
 *
 * | interface | drivers |
 * |---|---|
 * | `Reader` | `createLoopback`, `openPcsc` (the one of `PcscReader` and `PcscFfiReader` that works here), `Pn532Reader`, `FirmwareReader` |
 * | `CardLink` | `createLoopback`, `VpcdLink`, `Pn532CardLink` |
 * | `Pn532Port` | `HsuPort` on a `SerialLineOpener`, `Acr122Port` on a PC/SC reader |
 * | `SerialLineOpener` | `SystemSerialPorts`, `MemorySerialCable` |
 * | `Nvm` | `MemoryNvm`, `FileNvm`, `PowerLossNvm`; `FlashNvm` on a `FlashDevice` |
 * | `Clock`, `Random` | `systemClock`, `systemRandom`; `VirtualClock`, `SeededRandom` |
 * | `Crypto` | `nobleCrypto`; `nobleHashes` for a card without a secure channel |
 */

export {
  ACR122_LARGEST_RESPONSE,
  Acr122Port,
  type Acr122PortOptions,
  type PseudoApduChannel,
} from '../acr122/index.ts';
export { UNLIMITED } from '../apdu-size.ts';
export { type FirmwareOptions, FirmwareReader } from '../firmware/index.ts';
export type { FlashDevice } from '../flash/flash-device.ts';
export { FlashNvm } from '../flash/flash-nvm.ts';
export { type FlashLife, flashLife } from '../flash/life.ts';
export * from '../index.ts';
export { createLoopback, type Loopback, type LoopbackOptions } from '../loopback/index.ts';
export { type Hashes, nobleHashes } from '../noble/hashes.ts';
export { nobleCrypto } from '../noble/index.ts';
export { FileNvm } from '../nvm/file.ts';
export { MemoryNvm, type NvmTraits } from '../nvm/memory.ts';
export { PowerLoss, PowerLossNvm, type PowerLossOptions } from '../nvm/power-loss.ts';
export { PcscReader, type PcscReaderOptions } from '../pcsc/index.ts';
export {
  controlCode,
  PcscFfiReader,
  type PcscFfiReaderOptions,
  type PcscFfiSession,
  type ProtocolChoice,
} from '../pcsc-ffi/index.ts';
export * from '../pn532/index.ts';
export { MemorySerialCable, type SerialCableOptions } from '../serial/memory.ts';
export type { Chunking } from '../serial/memory-line.ts';
export { listSerialPorts, type SerialPortInfo, systemPortFinder } from '../serial/ports.ts';
export { SystemSerialPorts } from '../serial/serial-port.ts';
export { systemClock } from '../system/clock.ts';
export { systemRandom } from '../system/random.ts';
export { VirtualClock } from '../virtual/clock.ts';
export { SeededRandom } from '../virtual/random.ts';
export { VPCD_PORT, VpcdLink, type VpcdLinkOptions } from '../vpcd/index.ts';
export { openPcsc, openPcscFfi } from './open-pcsc.ts';
