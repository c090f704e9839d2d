import { tarOf } from '../../engine/tar.ts';

/** Folder of the latch in a container that is held at its start. */
export const LATCH_FOLDER = '/.slipway';
/** The latch there: the first word of such a container's command, before those of the app. */
export const LATCH = `${LATCH_FOLDER}/latch`;
/** What lets the app begin: one byte on the latch's stdin, any. */
export const GO = 'g';

/**
 * The latch's folder as an archive for `/` of a container, for an engine of that architecture (its own word for it);
 * null when there is no latch for it. The program, and the file `go`, empty, that the latch puts a byte into when
 * the app begins: from then on a start does not wait. Whoever the app runs as may write to it, nobody to the program.
 * Both take the place of what the image has there.
 */
export function latchArchive(architecture: string): Buffer | null {
  const program = PROGRAMS[OTHER_NAMES[architecture] ?? architecture];
  if (program === undefined) return null;
  return tarOf([
    { name: '.slipway/', mode: 0o755, bytes: Buffer.alloc(0) },
    { name: '.slipway/latch', mode: 0o555, bytes: Buffer.from(program, 'base64') },
    { name: '.slipway/go', mode: 0o666, bytes: Buffer.alloc(0) },
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
    AAAAAEAAAAAAAAAAQAAAAAAAIgMAAAAAAAAiAwAAAAAAAAAQAAAAAAAAUeV0ZAYAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
    AAAAAAAAAAAAAAAAEAAAAAAAAABZWEmJ5EyNLMxMizQkSIHsACAEAE2F9g+EYQEAAEiNPcoBAAC+AgAAALgCAAAADwWJxYnHSInmugEA
    AAAxwA8FSIP4AXQvD4ccAQAAMf8xwA8FSIP4/HT0SIP4AQ+FHAEAAInvuAEAAAAPBUiD+AEPhfMAAACJ77gDAAAADwUx/7gDAAAADwVI
    jT1tAQAAvgIAAAC4AgAAAA8FhcAPhdwAAAC7AgAAAEyJ94oHSP/HPC90X4TAdfNMie5IrUiFwHQUgThQQVRIdfGAeAQ9detIjWgF6wdI
    jS0xAQAASInnSInurDw6dAeEwHQDquv0SIn1SDnndAOwL6pMifasqoTAdfpIiefogAAAAIB9/wB1zOsITIn36HAAAABIjS0EAQAAQb1/
    AAAAg/sCdBZIjS3/AAAAQf/Ng/sNdAdIjS0FAQAASI010gAAAOiHAAAATIn26H8AAABIie7odwAAAESJ77g8AAAADwVMjTV/AAAASI0t
    5wAAAEG9fQAAAOvEv30AAAC4PAAAAA8FTInmTInquDsAAAAPBffYg/gCdDaD+BR0MYnDg/gNdCqD+AgPhWf///9JiTwkSI09RwAAAEmJ
    fCT4SY10JPi4OwAAAA8F6Ub////DMdKAPBYAdAT/wuv2vwIAAAC4AQAAAA8Fwy8uc2xpcHdheS9nbwAvZGV2L251bGwAL2Jpbi9zaAAv
    YmluOi91c3IvYmluAHNsaXB3YXk6IAA6IG5vdCBmb3VuZAoAOiBwZXJtaXNzaW9uIGRlbmllZAoAOiBjYW5ub3QgYmUgZXhlY3V0ZWQK
    ADogY2Fubm90IGJlIHdyaXR0ZW4KAA==`,
  aarch64: `
    f0VMRgIBAQAAAAAAAAAAAAIAtwABAAAAsABAAAAAAABAAAAAAAAAAAAAAAAAAAAAAAAAAEAAOAACAAAAAAAAAAEAAAAFAAAAAAAAAAAA
    AAAAAEAAAAAAAAAAQAAAAAAAWAMAAAAAAABYAwAAAAAAAAAAAQAAAAAAUeV0ZAYAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
    AAAAAAAAAAAAAAAAEAAAAAAAAADgA0D580MAkXQOAIt1AkD5/wtB0fsDAJF1DAC0YAyAkiEQABBCAIDSCAeA0gEAANT3AwAq4QMbqiIA
    gNLoB4DSAQAA1B8EAPGgAQBUSAoAVAAAgNIBAADUHxAAsaD//1QfBADxAQoAVOADFyoICIDSAQAA1B8EAPHhCABU4AMXKigHgNIBAADU
    AACA0gEAANRgDICS4QwAMEIAgNIIB4DSAQAA1AAIADVWAIBS4AMVqgEUQDg/vABxYAQAVKH//zXgAxSq+AsAcAGEQPhBAQC0IgBAuQMq
    iFKDCqlyXwADa0H//1QiEEA5X/QAceH+/1Q4FACR4AMbqgEXQDg/6ABxgAAAVGEAADQBFAA4+///Fx8AG+tgAABU4QWAUgEUADjiAxWq
    QRRAOAEUADjB//814AMbqh8AAJQB8184wf3/NQMAABTgAxWqGgAAlHkIAHD6D4BS3woAccAAAFR5CAAQ2g+AUt82AHFAAABUmQgAMAEH
    ADAjAACU4QMVqiEAAJThAxmqHwAAlOADGiqoC4DSAQAA1JUEABDZBwBwug+AUvT//xegD4BSqAuA0gEAANT8AwCq4QMTquIDFKqoG4DS
    AQAA1B8IALGgAQBUH1AAsWABAFT2AwBL3zYAcQABAFTfIgBxQfv/VIACAHBg8r+p4QMTqgEAANTV//8XwANf1gIAgNIjaGI4YwAANEIE
    AJH9//8XQACA0ggIgNIBAADUwANf1i8uc2xpcHdheS9nbwAvZGV2L251bGwAL2Jpbi9zaAAvYmluOi91c3IvYmluAHNsaXB3YXk6IAA6
    IG5vdCBmb3VuZAoAOiBwZXJtaXNzaW9uIGRlbmllZAoAOiBjYW5ub3QgYmUgZXhlY3V0ZWQKADogY2Fubm90IGJlIHdyaXR0ZW4KAA==`,
};
