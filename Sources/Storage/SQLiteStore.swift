public import SpinDomain
import Foundation
