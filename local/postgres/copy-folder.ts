import { constants, copyFile, mkdir, readdir } from "node:fs/promises";
import { join, relative } from "node:path";

const FILES_AT_ONCE_MAX = 32;

/**
 * Copies a data folder into a new one, without what the filter refuses by its path inside. For a thousand small files
 * `fs.cp` takes ten times as long, since it looks at each several times.
 */
export async function copyFolder(
  from: string,
  to: string,
  isCopied: (path: string) => boolean = () => true,
): Promise<void> {
  const entries = (await readdir(from, { recursive: true, withFileTypes: true }))
    .map((entry) => ({
      path: relative(from, join(entry.parentPath, entry.name)),
      isFolder: entry.isDirectory(),
    }))
    .filter(({ path }) => isCopied(path));
  await mkdir(to, { recursive: true, mode: 0o700 });
  for (const { path } of entries.filter(({ isFolder }) => isFolder))
    await mkdir(join(to, path), { recursive: true, mode: 0o700 });
  const files = entries.filter(({ isFolder }) => !isFolder);
  const copyOneByOne = async (): Promise<void> => {
    for (let file = files.pop(); file !== undefined; file = files.pop())
      await copyFile(join(from, file.path), join(to, file.path), constants.COPYFILE_FICLONE);
  };
  await Promise.all(Array.from({ length: FILES_AT_ONCE_MAX }, copyOneByOne));
}
