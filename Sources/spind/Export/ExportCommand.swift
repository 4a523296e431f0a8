import ArgumentParser
import Exporting
import Foundation
import SpinDomain
import Storage

/// `spind export`: a checkpoint or a job's measurements in the form of other programs.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "A checkpoint's model for transformers, a job for TensorBoard or MLflow.",
        discussion: """
            spind export CHECKPOINT --to FOLDER
              copies the model of a checkpoint, without optimizer state, to a folder that loads
              with transformers.AutoModelForCausalLM.from_pretrained, and as a model of spind.
              CHECKPOINT is a checkpoint's id together with --data-dir, or a checkpoint folder.

            spind export JOB --data-dir DATA --tensorboard LOGS
              writes the run LOGS/JOB; look at it with: tensorboard --logdir LOGS
            spind export JOB --data-dir DATA --mlflow MLRUNS
              writes a run of the experiment "spind" to a file store of MLflow; look at it with:
              MLFLOW_ALLOW_FILE_STORE=true mlflow ui --backend-store-uri MLRUNS

            Reads only, also while a server uses the data folder; what is there is never overwritten.
            """)

    @Argument(help: "A checkpoint's id or folder for --to; a job's id for the others.")
    var source: String

    @Option(help: "The folder to write a checkpoint's model to; must not exist.")
    var to: String?

    @Option(help: "A log folder of TensorBoard; made if missing, must not have the job.")
    var tensorboard: String?

    @Option(help: "A file store of MLflow, as mlruns; made if missing, must not have the job.")
    var mlflow: String?

    @Option(help: "The service's data folder.")
    var dataDir: String?

    func validate() throws {
        let exportsJob = tensorboard != nil || mlflow != nil
        guard exportsJob != (to != nil) else {
            throw ValidationError(
                "say where to: --to for a checkpoint, --tensorboard or --mlflow for a job")
        }
        if exportsJob, dataDir == nil {
            throw ValidationError("a job is looked up in the service's folder: add --data-dir")
        }
    }

    func run() throws {
        if let to {
            try CheckpointCopy(checkpoint: source, dataFolder: dataDir).write(to: to)
            print(to)
        } else if let dataDir {
            try JobSnapshot.read(job: source, in: dataDir) { job in
                if let tensorboard {
                    print(try TensorBoardExport.write(job, to: Self.url(tensorboard)).path)
                }
                if let mlflow { print(try MLflowExport.write(job, to: Self.url(mlflow)).path) }
            }
        }
    }

    private static func url(_ path: String) -> URL {
        URL(fileURLWithPath: path, isDirectory: true).standardizedFileURL
    }
}
