import { describe } from 'vitest';
import { activationContract } from './contract/activation-contract.ts';
import { applicationContract } from './contract/application-contract.ts';
import { auditContract } from './contract/audit-contract.ts';
import { claimContract } from './contract/claim-contract.ts';
import { contextContract } from './contract/context-contract.ts';
import { delegationContract } from './contract/delegation-contract.ts';
import { issuerInStore } from './contract/issuer-in-store.ts';
import { presenceContract } from './contract/presence-contract.ts';
import { registryContract } from './contract/registry-contract.ts';
import { storeContract } from './contract/store-contract.ts';

/** What the issuer does, on whatever database. */
export function issuerContract(name: string, location: () => string): void {
  describe(name, () => {
    const issuer = issuerInStore(location);
    registryContract(issuer);
    activationContract(issuer);
    presenceContract(issuer);
    contextContract(issuer);
    claimContract(issuer);
    applicationContract(issuer);
    delegationContract(issuer);
    auditContract(issuer);
    storeContract(issuer);
  });
}
