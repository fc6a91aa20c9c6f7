import { nobleCrypto } from '../../../src/hal/noble/index.ts';
import { cryptoContract } from '../../contract/crypto.ts';
import { cryptoAnswers } from '../../contract/crypto-answers.ts';

cryptoContract('noble', nobleCrypto);
cryptoAnswers(nobleCrypto());
