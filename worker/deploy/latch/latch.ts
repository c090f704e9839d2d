import { tarOf } from '../../engine/tar.ts';

/** Folder of the latch in a container that is held at its start. */
export const LATCH_FOLDER = '/.slipway';
/** The latch there: the first word of such a container's command, before those of the app. */
export const LATCH = `${LATCH_FOLDER}/latch`;
/** What lets the app begin: one byte on the latch's stdin, any. */
export const GO = 'g';

/**
 * The latch's folder as an archive for `/` of a container, for an engine of that architecture (its own word for it);
 * null when there is no latch for it. The program, and the file `wait`, which the latch empties when the app begins:
 * from then on a start does not wait. Whoever the app runs as may write to it, nobody to the program. Both take the
 * place of what the image has there.
 */
export function latchArchive(architecture: string): Buffer | null {
  const program = PROGRAMS[OTHER_NAMES[architecture] ?? architecture];
  if (program === undefined) return null;
  return tarOf([
    { name: '.slipway/', mode: 0o755, bytes: Buffer.alloc(0) },
    { name: '.slipway/latch', mode: 0o555, bytes: Buffer.from(program, 'base64') },
    { name: '.slipway/wait', mode: 0o666, bytes: Buffer.from('w') },
  ]);
}

const OTHER_NAMES: Readonly<Record<string, string>> = { amd64: 'x86_64', arm64: 'aarch64' };

/**
 * `latch-<architecture>.s`, assembled; `test/unit/worker/deploy/latch.test.ts` holds them together. Made by
 * `as -o latch.o latch-x86_64.s && objcopy -O binary -j .text latch.o latch && base64 -w 104 latch`,
 * with `aarch64-linux-gnu-` before the commands for the other.
 */
export const PROGRAMS: Readonly<Record<string, string>> = {
  x86_64: `
    f0VMRgIBAQAAAAAAAAAAAAIAPgABAAAAsABAAAAAAABAAAAAAAAAAAAAAAAAAAAAAAAAAEAAOAACAAAAAAAAAAEAAAAFAAAAAAAAAAAA
    AAAAAEAAAAAAAAAAQAAAAAAAIQMAAAAAAAAhAwAAAAAAAAAQAAAAAAAAUeV0ZAYAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
    AAAAAAAAAAAAAAAAEAAAAAAAAABZWEmJ5EyNLMxMizQkSIHsACAEAE2F9g+EYQEAAEiNPcoBAAC+AgAAALgCAAAADwWJxYnHSInmugEA
    AAAxwA8FSIP4AXIvD4ccAQAAMf8xwA8FSIP4/HT0SIP4AQ+FHAEAAInvMfa4TQAAAA8FhcAPhfMAAACJ77gDAAAADwUx/7gDAAAADwVI
    jT1vAQAAvgIAAAC4AgAAAA8FhcAPhdwAAAC7AgAAAEyJ94oHSP/HPC90X4TAdfNMie5IrUiFwHQUgThQQVRIdfGAeAQ9detIjWgF6wdI
    jS0zAQAASInnSInurDw6dAeEwHQDquv0SIn1SDnndAOwL6pMifasqoTAdfpIiefogAAAAIB9/wB1zOsITIn36HAAAABIjS0GAQAAQb1/
    AAAAg/sCdBZIjS0BAQAAQf/Ng/sNdAdIjS0HAQAASI011AAAAOiHAAAATIn26H8AAABIie7odwAAAESJ77g8AAAADwVMjTV/AAAASI0t
    6QAAAEG9fQAAAOvEv30AAAC4PAAAAA8FTInmTInquDsAAAAPBffYg/gCdDaD+BR0MYnDg/gNdCqD+AgPhWf///9JiTwkSI09SQAAAEmJ
    fCT4SY10JPi4OwAAAA8F6Ub////DMdKAPBYAdAT/wuv2vwIAAAC4AQAAAA8Fwy8uc2xpcHdheS93YWl0AC9kZXYvbnVsbAAvYmluL3No
    AC9iaW46L3Vzci9iaW4Ac2xpcHdheTogADogbm90IGZvdW5kCgA6IHBlcm1pc3Npb24gZGVuaWVkCgA6IGNhbm5vdCBiZSBleGVjdXRl
    ZAoAOiBjYW5ub3QgYmUgdXNlZAoA`,
  aarch64: `
    f0VMRgIBAQAAAAAAAAAAAAIAtwABAAAAsABAAAAAAABAAAAAAAAAAAAAAAAAAAAAAAAAAEAAOAACAAAAAAAAAAEAAAAFAAAAAAAAAAAA
    AAAAAEAAAAAAAAAAQAAAAAAAVwMAAAAAAABXAwAAAAAAAAAAAQAAAAAAUeV0ZAYAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
    AAAAAAAAAAAAAAAAEAAAAAAAAADgA0D580MAkXQOAIt1AkD5/wtB0fsDAJF1DAC0YAyAkiEQABBCAIDSCAeA0gEAANT3AwAq4QMbqiIA
    gNLoB4DSAQAA1B8EAPGjAQBUSAoAVAAAgNIBAADUHxAAsaD//1QfBADxAQoAVOADFyoBAIDSyAWA0gEAANTgCAA14AMXKigHgNIBAADU
    AACA0gEAANRgDICS4QwAcEIAgNIIB4DSAQAA1AAIADVWAIBS4AMVqgEUQDg/vABxYAQAVKH//zXgAxSqGAwAMAGEQPhBAQC0IgBAuQMq
    iFKDCqlyXwADa0H//1QiEEA5X/QAceH+/1Q4FACR4AMbqgEXQDg/6ABxgAAAVGEAADQBFAA4+///Fx8AG+tgAABU4QWAUgEUADjiAxWq
    QRRAOAEUADjB//814AMbqh8AAJQB8184wf3/NQMAABTgAxWqGgAAlJkIADD6D4BS3woAccAAAFR5CABQ2g+AUt82AHFAAABUmQgAcAEH
    AHAjAACU4QMVqiEAAJThAxmqHwAAlOADGiqoC4DSAQAA1JUEABD5BwAwug+AUvT//xegD4BSqAuA0gEAANT8AwCq4QMTquIDFKqoG4DS
    AQAA1B8IALGgAQBUH1AAsWABAFT2AwBL3zYAcQABAFTfIgBxQfv/VKACADBg8r+p4QMTqgEAANTV//8XwANf1gIAgNIjaGI4YwAANEIE
    AJH9//8XQACA0ggIgNIBAADUwANf1i8uc2xpcHdheS93YWl0AC9kZXYvbnVsbAAvYmluL3NoAC9iaW46L3Vzci9iaW4Ac2xpcHdheTog
    ADogbm90IGZvdW5kCgA6IHBlcm1pc3Npb24gZGVuaWVkCgA6IGNhbm5vdCBiZSBleGVjdXRlZAoAOiBjYW5ub3QgYmUgdXNlZAoA`,
};
