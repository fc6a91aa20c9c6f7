import './abort.ts';
import { deviceCrypto } from '../../src/hal/device/index.ts';
import { start } from './start.ts';

/** A card that opens a secure channel. */
start(deviceCrypto());
