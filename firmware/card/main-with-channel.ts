import './abort.ts';
import { nobleCrypto } from '../../src/hal/noble/index.ts';
import { start } from './start.ts';

/** A card that opens a secure channel. */
start(nobleCrypto());
