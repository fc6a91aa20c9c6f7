export { listProfiles, loadProfile, type ProfileWorld, parseProfile } from './load.ts';
export { ProfileError, type ProfileIssue } from './profile-error.ts';
export { TEST_AUTHORITY_PUBLIC_KEY, testAuthorityKey } from './test-keys.ts';
