import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Reaper } from './reaper.js';

/** The folder of one server, with all that the server leaves on disk. */
export class InstanceFolder {
  readonly path: string;
  readonly data: string;
  readonly socket: string;
  readonly log: string;
  readonly initFile: string;
  readonly pidFile: string;
  /** Removes the folder, and ends the server in it, if this process ends first. */
  readonly reaper: Reaper;

  /** Creates a folder below the system's folder for temporary files. */
  static async create(): Promise<InstanceFolder> {
    const folder = new InstanceFolder(await mkdtemp(join(tmpdir(), 'fresh-connections-db-')));
    await mkdir(folder.data);
    return folder;
  }

  private constructor(path: string) {
    this.path = path;
    this.data = join(path, 'data');
    this.socket = join(path, 'socket');
    this.log = join(path, 'server.log');
    this.initFile = join(path, 'init.sql');
    this.pidFile = join(path, 'pid');
    this.reaper = new Reaper(path);
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true, maxRetries: 3 });
    this.reaper.callOff();
  }
}
