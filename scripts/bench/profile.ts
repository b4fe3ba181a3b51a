/** Where a node's own process spends its time, sampled from inside and kept as a file that browsers' tools open. */
import { writeFile } from 'node:fs/promises'
import { Session } from 'node:inspector/promises'

export class ProcessorProfile {
  private readonly session = new Session()

  async start(): Promise<void> {
    this.session.connect()
    await this.session.post('Profiler.enable')
    await this.session.post('Profiler.setSamplingInterval', { interval: 250 })
    await this.session.post('Profiler.start')
  }

  async stop(file: string): Promise<void> {
    const { profile } = await this.session.post('Profiler.stop')
    this.session.disconnect()
    await writeFile(file, JSON.stringify(profile))
  }
}
