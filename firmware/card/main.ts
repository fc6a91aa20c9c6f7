import './abort.ts';
import { nobleCodeHashes } from '../../src/hal/noble/code-hashes.ts';
import { start } from './start.ts';

/** A card with codes only. */
start(nobleCodeHashes());
